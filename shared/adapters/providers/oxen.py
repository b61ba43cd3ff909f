"""Oxen.ai's queue: up to four images a request, one task id an image, learned by polling.

What is wrong with a request shows only later, as a failed generation with words but no code.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.providers.answers import (
    ask,
    fault_of,
    in_words,
    is_success,
    json_object,
    post,
    read,
    refusal,
    unreadable,
    withdraw,
)
from shared.adapters.providers.oxen_echo import echoes, fingerprint
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Submission
from shared.ports import Acceptance, Letter, Order, Recovery

_NAME: Final = "oxen"
# Errors that may also come under a 200, by the statuses that they belong to.
_TYPES: Final = {"invalid_params": 400, "unauthenticated": 401, "resource_not_found": 404}
_INVALID: Final = 400
_HISTORY_ROWS: Final = 200

_STATES: Final = {
    "queued": TaskState.PENDING,
    "processing": TaskState.PENDING,
    "succeeded": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
    "cancelled": TaskState.FAILED,
}


class _Queued(BaseModel):
    generation_id: Annotated[str, Field(min_length=1)]


class _Listed(BaseModel):
    generations: tuple[_Queued, ...]


class _Generation(BaseModel):
    status: str
    result_url: str | None = None
    error_message: object = None
    prompt: object = None


class Oxen:
    def __init__(self, http: HttpClient, *, base_url: str, key: Callable[[], str]) -> None:
        self._http = http
        self._queue_url = f"{base_url}/api/ai/queue"
        self._history_url = f"{base_url}/api/ai/generations"
        self._key = key

    def compose(self, order: Order) -> Letter:
        body = _body(order)
        return Letter(order=order, body=body, fingerprint=fingerprint(body))

    def submit(self, letter: Letter) -> Acceptance:
        key = self._key()
        answer = post(self._http, self._queue_url, key=key, body=letter.body, provider=_NAME)
        body = json_object(answer.body)
        task_ids = _task_ids(body)
        if not task_ids or not is_success(answer):
            raise _refusal_of(answer, body, letter.order, key) or unreadable(_NAME, answer)
        return Acceptance(task_ids=task_ids)

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Look among what is active and what is past; the past alone may be hidden from us."""
        del name  # Oxen knows none of ours
        if submission.sent_at is None:
            return Recovery()
        rows = self._rows(self._queue_url)
        with suppress(ProviderUnreadable):
            rows += self._rows(f"{self._history_url}?page_size={_HISTORY_ROWS}")
        # All that a request can hold, not just what ours held: a row with more is another's.
        fields = {"model", "prompt", offer.references_wire, *(r.wire for r in offer.rules.values())}
        found = echoes(
            rows, sought=submission.fingerprint, fields=fields, sent_at=submission.sent_at
        )
        return Recovery(task_ids=found)

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        del offer
        for task_id in task_ids:
            url = f"{self._queue_url}/{quote(task_id, safe='')}"
            withdraw(self._http, url, key=self._key())

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer  # the queue knows its generations without the model
        return tuple(self._report(task_id) for task_id in task_ids)

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        """One list call: what is no longer queued or processing has come to an end."""
        answer = ask(self._http, self._queue_url, key=self._key(), provider=_NAME)
        listed = read(_Listed, json_object(answer.body))
        if not listed:
            raise ProviderUnreadable(f"{_NAME}: no list, HTTP {answer.status}")
        active = {generation.generation_id for generation in listed.generations}
        return [task_id for task_id in tasks if task_id not in active]

    def _rows(self, url: str) -> list[dict[str, Any]]:
        answer = ask(self._http, url, key=self._key(), provider=_NAME)
        rows = json_object(answer.body).get("generations")
        if not is_success(answer) or not isinstance(rows, list):
            raise ProviderUnreadable(f"{_NAME}: no list, HTTP {answer.status}")
        return [row for row in rows if isinstance(row, dict)]

    def _report(self, task_id: TaskId) -> TaskReport:
        url = f"{self._queue_url}/{quote(task_id, safe='')}"
        key = self._key()
        answer = ask(self._http, url, key=key, provider=_NAME)
        body = json_object(answer.body)
        generation = read(_Generation, body.get("generation", body))
        state = _STATES.get(generation.status) if generation else None
        if not generation or not state:
            raise ProviderUnreadable(f"{_NAME}: no generation, HTTP {answer.status}")
        if state is TaskState.SUCCEEDED:
            urls = (generation.result_url,) if generation.result_url else ()
            return TaskReport(task_id=task_id, state=state, result_urls=urls)
        if state is TaskState.PENDING:
            return TaskReport(task_id=task_id, state=state)
        words = in_words(
            _NAME,
            [generation.error_message],
            hide=[key, str(generation.prompt or "")],
            otherwise=f"the generation was {generation.status}",
        )
        return TaskReport(task_id=task_id, state=state, fault=fault_of(words))


def _body(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": order.offer.provider_model,
        "prompt": order.wanted.prompt,
        "num_generations": order.submission.images_asked,
        **order.offer.wire_fields(order.wanted),
    }
    if order.references:
        body[order.offer.references_wire] = list(order.references)
    return body


def _task_ids(body: dict[str, Any]) -> tuple[TaskId, ...]:
    """Take every id there is: each is an image that may be charged."""
    rows = body.get("generations")
    queued = [read(_Queued, row) for row in (rows if isinstance(rows, list) else [])]
    return tuple(TaskId(generation.generation_id) for generation in queued if generation)


def _refusal_of(
    answer: HttpAnswer, body: dict[str, Any], order: Order, key: str
) -> Exception | None:
    if body.get("generations"):
        return None
    status = (_refused_as(body) if is_success(answer) else None) or answer.status
    words = in_words(
        _NAME, [_why(body)], hide=[key, order.wanted.prompt], otherwise=f"refused with {status}"
    )
    return refusal(status, words, answer)


def _refused_as(body: dict[str, Any]) -> int | None:
    """Return the status that a refusal under a 200 should have had; None if it is none.

    Seen in the field: a 200 with no generations and an error beside them.
    """
    error = body.get("error")
    kind = error.get("type") if isinstance(error, dict) else None
    if isinstance(kind, str) and kind in _TYPES:
        return _TYPES[kind]
    return _INVALID if error and body.get("generations") == [] else None


def _why(body: dict[str, Any]) -> object:
    """Both documented error bodies, and the one without either."""
    error = body.get("error")
    if isinstance(error, dict):
        return next(filter(None, map(error.get, ("detail", "message", "title", "type"))), None)
    return error or body.get("error_message") or body.get("status_message")
