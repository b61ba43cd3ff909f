"""Oxen's two error bodies."""

from http import HTTPStatus

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse

TYPES = {
    HTTPStatus.BAD_REQUEST: "invalid_params",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.NOT_FOUND: "resource_not_found",
}


class OxenError(Exception):
    """Told with a type."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class PlainOxenError(OxenError):
    """Told with a message alone: what the model's side refuses."""


def on_error(_: Request, problem: Exception) -> JSONResponse:
    match problem:
        case PlainOxenError():
            return JSONResponse({"error": {"message": problem.detail}}, problem.status)
        case OxenError():
            return JSONResponse(_typed(problem.status, problem.detail), problem.status)
        case _:
            status = HTTPStatus(getattr(problem, "status_code", 500))
            return JSONResponse(_typed(status, status.phrase), status)


def _typed(status: HTTPStatus, detail: str) -> dict[str, JsonValue]:
    kind = TYPES.get(status, "unknown_error")
    return {
        "error": {"type": kind, "title": status.phrase, "detail": detail},
        "status": "error",
        "status_message": kind,
    }
