"""What both clients know of httpx: how a step is sent, and what its outcome means."""

from dataclasses import dataclass
from typing import Any, Final

import httpx

from .errors import Unreachable
from .place import Place, origin_of
from .steps import Answer, Call, Fetch, Post

TIMEOUT_SECONDS: Final = 40.0  # the API answers within 30 seconds, or not at all
FAILED: Final = (httpx.RequestError, httpx.InvalidURL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What httpx takes; `asked` is as much of the address as may be told."""

    asked: str
    parts: dict[str, Any]


def request_of(step: Call | Post | Fetch, place: Place) -> Request:
    """Only a call to the API has the key with it: a signed address is somebody else's."""
    match step:
        case Call():
            parts: dict[str, Any] = {
                "method": step.method,
                "url": f"{place.url}{step.path}",
                "params": dict(step.query) or None,
                "headers": {**step.headers, **place.headers()},
                "content": step.content,
            }
            return Request(asked=place.url, parts=parts)
        case Post():
            file = (step.name, step.content, step.content_type)
            form = {"data": dict(step.fields), "files": {"file": file}}
            return Request(asked=origin_of(step.url), parts=_to("POST", step.url) | form)
        case Fetch():
            # As it lies there: what is counted and hashed are the bytes that were stored.
            as_it_is = {"headers": {"accept-encoding": "identity"}}
            return Request(asked=origin_of(step.url), parts=_to("GET", step.url) | as_it_is)


def answer_of(response: httpx.Response, *, asked: str, content: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(asked=asked, status=response.status_code, headers=headers, content=content)


def unreachable(asked: str, error: Exception) -> Unreachable:
    """Return, not raise: a flow decides whether to try again."""
    outcome = Unreachable(f"cannot reach {asked}: {str(error) or type(error).__name__}")
    outcome.__cause__ = error
    return outcome


def _to(method: str, url: str) -> dict[str, Any]:
    return {"method": method, "url": url}
