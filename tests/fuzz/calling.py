"""The public API as its callers meet it, and what holds for every answer whatever was asked."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from functions.callback.handler import handle
from functions.manage.handler import create_app as manage_app
from functions.submit.handler import create_app as submit_app
from functions.submit.handler import logger
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

# A Lambda may answer with 6 MB, JSON escapes included. Errors need far less.
_LARGEST_PROBLEM: Final = 256 * 1024
_PROBLEM_NAMES: Final = {
    "type",
    "title",
    "status",
    "detail",
    "code",
    "who",
    "retryable",
    "errors",
    "request_id",
}
NOT_FOUND: Final = '{"code":"not_found"}'


@dataclass(slots=True)
class Tally:
    """How much was asked, and what became of it."""

    requests: int = 0
    refused: int = 0
    server_errors: int = 0
    exceptions: int = 0
    steps: int = 0
    failovers: int = 0
    broken: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.requests + other.requests,
            self.refused + other.refused,
            self.server_errors + other.server_errors,
            self.exceptions + other.exceptions,
            self.steps + other.steps,
            self.failovers + other.failovers,
            self.broken + other.broken,
        )

    def count(self, answer: Answer) -> None:
        self.requests += 1
        self.refused += 400 <= answer.status < 500
        self.server_errors += answer.status >= 500


class Api:
    """Calls the functions as the gateway does. Raises AssertionError for an answer amiss."""

    def __init__(self, service: MemoryService, tally: Tally) -> None:
        self._service = service
        self._submit = submit_app(service)
        self._manage = manage_app(service)
        self.tally = tally

    def __call__(  # noqa: PLR0913  # a request has that many parts
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: str | bytes | None = None,
        query: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        event = http_event(method, path, key=key, body=body, query=query)
        event["headers"] |= headers or {}
        return self.send(event)

    def send(self, event: dict[str, Any]) -> Answer:
        http = event["requestContext"]["http"]
        app = self._submit if (http["method"], http["path"]) in SUBMIT else self._manage
        try:
            result = app.resolve(event, AnyContext())
        except Exception:
            self.tally.exceptions += 1
            raise
        answer = Answer.of(result)
        self.tally.count(answer)
        told = openai_complaints if http["path"].startswith("/v1/images/") else complaints
        assert not (amiss := list(told(answer))), f"{amiss}: {answer}"[:2000]
        return answer

    def call_back(self, path: Mapping[str, str] | None, body: str | bytes | None = None) -> Answer:
        event = http_event("POST", "/v1/callbacks", body=body)
        event["pathParameters"] = path
        return self.send_callback(event)

    def send_callback(self, event: dict[str, Any]) -> Answer:
        try:
            answer = Answer.of(handle(self._service, event))
        except Exception:
            self.tally.exceptions += 1
            raise
        self.tally.count(answer)
        told = (answer.status, answer.body)
        assert told in {(200, '{"received":true}'), (404, NOT_FOUND)}, f"a callback: {answer}"
        return answer


SUBMIT: Final = {
    ("POST", "/v1/jobs"),
    ("POST", "/v1/images/generations"),
    ("POST", "/v1/images/edits"),
}


def openai_complaints(answer: Answer) -> Iterator[str]:
    """Say what is wrong with an answer in OpenAI's words."""
    if not 200 <= answer.status < 500:
        yield f"status {answer.status}"
    if not all(value.isascii() and value.isprintable() for value in answer.headers.values()):
        yield "a header that no server sends"
    document = json.loads(answer.body, parse_constant=_no_constant)
    if answer.status == 200:
        yield from [] if document["data"] else ["no image, and no error"]
        return
    error = document["error"]
    if not error["message"] or not error["type"] or not {"param", "code"} <= error.keys():
        yield f"an error that says too little: {error}"
    if len(answer.body) > _LARGEST_PROBLEM:
        yield f"an error of {len(answer.body)} bytes"


def complaints(answer: Answer) -> Iterator[str]:
    """Say what is wrong with an answer, whatever the question was."""
    if not 200 <= answer.status < 500:
        yield f"status {answer.status}"
    if not all(value.isascii() and value.isprintable() for value in answer.headers.values()):
        yield "a header that no server sends"
    if answer.status < 400 and answer.headers.get("content-type", "").startswith("text/html"):
        return  # the console's page
    try:
        size = len(answer.body.encode())
        document = json.loads(answer.body, parse_constant=_no_constant) if answer.body else None
    except ValueError as exc:
        yield f"a body that is no JSON: {exc}"
        return
    if answer.status >= 400:
        yield from _problem_complaints(answer, document)
        if size > _LARGEST_PROBLEM:
            yield f"a problem of {size} bytes"


def _problem_complaints(answer: Answer, problem: Any) -> Iterator[str]:
    if answer.headers.get("content-type") != "application/problem+json":
        yield "an error that is no problem document"
    if not isinstance(problem, dict) or problem.keys() != _PROBLEM_NAMES:
        yield "a problem with other names"
        return
    if problem["status"] != answer.status or not problem["detail"] or not problem["code"]:
        yield "a problem that does not say what is wrong"
    if answer.status < 500 and problem["who"] != "client":
        yield f"the caller's error laid to {problem['who']}"
    if problem["code"] in {"malformed_json", "invalid_request"} and not problem["errors"]:
        yield "no field is named"
    for error in problem["errors"]:
        if error.keys() != {"pointer", "code", "message"} or not error["message"]:
            yield f"a field error that says too little: {error}"
    if (answer.status == 401) != ("www-authenticate" in answer.headers):
        yield "401 and www-authenticate go together"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        reason = record.exc_info[1] if record.exc_info else None
        self.texts.append(f"{record.getMessage()}: {reason!r}")


@contextmanager
def logged_errors() -> Iterator[list[str]]:
    """Collect what the functions log as an error; lesser news are not written at all."""
    errors, log = _Errors(), logging.getLogger(logger.service)
    level, handlers = log.level, log.handlers
    log.setLevel(logging.ERROR)
    log.handlers = [errors]
    try:
        yield errors.texts
    finally:
        log.setLevel(level)
        log.handlers = handlers
