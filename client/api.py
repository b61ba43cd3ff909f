"""The API as a command sees it: ask, and know what a refusal means for the exit code."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx

from client.exit_codes import ExitCode

# The API answers within 30 seconds, or not at all.
_PATIENCE_SECONDS: Final = 40.0
_NOT_AUTHORISED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
# Our own requests were well-formed: try again later, or look whether this is the API at all.
_NOT_OUR_FAULT: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class ApiError(Exception):
    """There is no good answer; `code` is what the command exits with."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code


class Api:
    def __init__(self, url: str, *, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._http = httpx.Client(
            headers={"authorization": f"Bearer {key}"},
            timeout=_PATIENCE_SECONDS,
            transport=transport,
        )

    def get(self, path: str) -> dict[str, Any]:
        """Return the object that the API answers with. Raises ApiError."""
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Return the object that the API answers with. Raises ApiError."""
        return self.ask("POST", path, body=body)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the object that the API answers with; empty for no content. Raises ApiError."""
        url = f"{self._url}{path}"
        try:
            answer = self._http.request(method, url, json=body, params=query or None)
        except (httpx.TransportError, httpx.InvalidURL) as exc:
            reason = str(exc) or type(exc).__name__
            message = f"cannot reach {self._url}: {reason}"
            raise ApiError(message, ExitCode.UNREACHABLE) from exc
        content = _object(answer)
        if not answer.is_success:
            raise ApiError(_reason(answer, content), _exit_code(answer.status_code))
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        if content is None:
            raise self.stranger()
        return content

    def listed(self, path: str, *, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return what a list holds. Raises ApiError."""
        data = self.ask("GET", path, query=query).get("data")
        if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
            raise self.stranger()
        return data

    def stranger(self) -> ApiError:
        """Return the error for an answer that Seedhook would not give."""
        return ApiError(f"what answers at {self._url} is not Seedhook", ExitCode.UNREACHABLE)


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _reason(answer: httpx.Response, problem: dict[str, Any] | None) -> str:
    """Read a problem document; what is none has only its status to tell."""
    detail = (problem or {}).get("detail")
    told = f": {detail}" if isinstance(detail, str) else ""
    return f"the API answered {answer.status_code}{told}"


def _exit_code(status: int) -> ExitCode:
    if status in _NOT_AUTHORISED:
        return ExitCode.NOT_AUTHORISED
    is_ours = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return (
        ExitCode.WRONG_USAGE if is_ours and status not in _NOT_OUR_FAULT else ExitCode.UNREACHABLE
    )
