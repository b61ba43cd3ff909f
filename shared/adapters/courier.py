"""Posting webhooks through the vetted client: one try, whatever comes of it."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.http_errors import (
    ConnectFailed,
    DeadlineExceeded,
    ForbiddenAddress,
    HttpError,
)
from shared.domain.delivery import KEPT_ANSWER
from shared.ports.webhooks import Reply

_DEADLINE_SECONDS: Final = 15.0
_IN_WORDS: Final[Mapping[type[HttpError], str]] = {
    ForbiddenAddress: "the address is not public",
    ConnectFailed: "no connection",
    DeadlineExceeded: "no answer within 15 seconds",
}


class HttpCourier:
    def __init__(
        self, http: HttpClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._monotonic = monotonic

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        began = self._monotonic()
        try:
            answer = self._http.request(
                "POST",
                url,
                headers=headers,
                body=body,
                deadline_seconds=_DEADLINE_SECONDS,
                max_bytes=KEPT_ANSWER,
                beginning_only=True,
            )
        except HttpError as exc:
            error = _IN_WORDS.get(type(exc), "the exchange broke off")
            return Reply(milliseconds=self._since(began), error=error)
        return _reply(answer, milliseconds=self._since(began))

    def _since(self, began: float) -> int:
        return round((self._monotonic() - began) * 1000)


def _reply(answer: HttpAnswer, *, milliseconds: int) -> Reply:
    return Reply(
        milliseconds=milliseconds,
        status=answer.status,
        answer=_readable(answer.body),
        retry_after=answer.headers.get("retry-after"),
    )


def _readable(body: bytes) -> str:
    """A stranger's bytes as text without control characters, which JSON would blow up."""
    text = body.decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
