"""Trying again, but only what is safe to be sent twice, and not for ever."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from .errors import ApiError, Unreachable, api_error
from .steps import Answer, Call, Flow, Outcome, paused

_WORTH_ANOTHER: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a request is sent, and how long the pauses are.

    A pause doubles from `first_pause` on, half of it at random; `Retry-After` makes it longer. One
    that would be longer than `longest_pause` ends the trying: the caller is told at once.
    """

    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    chance: Callable[[], float] = random.random

    def pause(self, tries_made: int, *, retry_after: float | None) -> float | None:
        """Return how long to wait for the next try, or None if there is none."""
        if tries_made >= self.tries:
            return None
        doubled = min(self.first_pause * 2 ** (tries_made - 1), self.longest_pause)
        pause = max(doubled * (0.5 + self.chance() / 2), retry_after or 0.0)
        return pause if pause <= self.longest_pause else None


def answered(call: Call, patience: Patience) -> Flow[Answer]:
    """Return the good answer to a call. Raises ApiError or Unreachable when there is none."""
    made = 0
    while True:
        made += 1
        outcome = yield from _one_try(call)
        if isinstance(outcome, Answer):
            return outcome
        retry_after = outcome.retry_after if isinstance(outcome, ApiError) else None
        is_hopeful = call.is_repeatable and _may_pass(outcome)
        pause = patience.pause(made, retry_after=retry_after) if is_hopeful else None
        if pause is None:
            raise outcome
        yield from paused(pause)


def _one_try(call: Call) -> Flow[Answer | ApiError | Unreachable]:
    outcome: Outcome = yield call
    if isinstance(outcome, Unreachable) or outcome.is_success:
        return outcome
    return refusal(outcome)


def _may_pass(outcome: ApiError | Unreachable) -> bool:
    if isinstance(outcome, Unreachable):
        return True
    is_conflict = outcome.status == HTTPStatus.CONFLICT and outcome.retryable
    return outcome.status in _WORTH_ANOTHER or is_conflict


def refusal(answer: Answer) -> ApiError:
    problem = answer.json()
    return api_error(
        answer.status,
        problem if isinstance(problem, dict) else None,
        retry_after=retry_after(answer.headers),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After: seconds, or a date, which is held against the answer's own date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    until, since = http_date(text), date_of(headers)
    return max(0.0, (until - since).total_seconds()) if until and since else None


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return when an answer was given, by the clock of who gave it."""
    return http_date(headers.get("date", ""))


def http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    # RFC 9110 knows dates in GMT alone, and so does who leaves the zone out.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stranger(answer: Answer) -> Unreachable:
    """Return the error for an answer that Seedhook would not give."""
    return Unreachable(f"what answers at {answer.asked} is not Seedhook")


def document(call: Call, patience: Patience) -> Flow[dict[str, Any]]:
    """Return the object that the API answers with; empty for no content."""
    return (yield from read(call, patience, lambda content: content))


def read[T](call: Call, patience: Patience, form: Callable[[dict[str, Any]], T]) -> Flow[T]:
    """Return what the API's object means. Raises Unreachable for what Seedhook would not say."""
    answer = yield from answered(call, patience)
    content = {} if answer.status == HTTPStatus.NO_CONTENT else answer.json()
    if not isinstance(content, dict):
        raise stranger(answer)
    try:
        return form(content)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as exc:
        raise stranger(answer) from exc
