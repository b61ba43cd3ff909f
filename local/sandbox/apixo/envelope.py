"""The envelope around every APIXO answer. Its code is the call's, never the task's."""

from http import HTTPStatus

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse

MESSAGES = {
    HTTPStatus.BAD_REQUEST: "Invalid request",
    HTTPStatus.UNAUTHORIZED: "Unauthorized",
    HTTPStatus.PAYMENT_REQUIRED: "Insufficient credits",
    HTTPStatus.NOT_FOUND: "Not found",
}


class ApixoError(Exception):
    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def success(data: JsonValue) -> dict[str, JsonValue]:
    return {"code": 200, "message": "success", "data": data}


def failure(status: HTTPStatus, detail: str) -> JSONResponse:
    message = MESSAGES.get(status, status.phrase)
    body = {"code": status, "message": message, "data": {"error": detail}}
    return JSONResponse(body, status)


def on_error(_: Request, problem: Exception) -> JSONResponse:
    match problem:
        case ApixoError():
            return failure(problem.status, problem.detail)
        case _:
            status = HTTPStatus(getattr(problem, "status_code", 500))
            return failure(status, status.phrase)
