"""AI/ML API's error body."""

import uuid
from http import HTTPStatus

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse

from local.sandbox.clock import iso, now


class AimlapiError(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def on_error(request: Request, problem: Exception) -> JSONResponse:
    match problem:
        case AimlapiError():
            return error(request, problem.status, problem.message)
        case _:
            status = HTTPStatus(getattr(problem, "status_code", 500))
            return error(request, status, status.phrase)


def error(
    request: Request,
    status: HTTPStatus,
    message: str,
    *,
    request_id: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    body: dict[str, JsonValue] = {
        "message": message,
        "path": request.url.path.removeprefix(request.scope.get("root_path", "")),
        "requestId": request_id or str(uuid.uuid4()),
        "statusCode": str(status.value),
        "timestamp": iso(now()),
    }
    return JSONResponse(body, status, headers)
