"""Oxen.ai's queue: up to four images a request, one task id an image, learned by polling.

What is wrong with a request shows only later, as a failed generation with words but no code.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.providers.answers import (
    ask,
    family,
    in_words,
    json_object,
    post,
    refusal,
    unreadable,
)
from shared.domain.errors import ErrorCode, Fault, ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.ports import Order

_NAME: Final = "oxen"
_OK: Final = 200

_STATES: Final = {
    "queued": TaskState.PENDING,
    "processing": TaskState.PENDING,
    "succeeded": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
    "cancelled": TaskState.FAILED,
}


class _Queued(BaseModel):
    generation_id: str


class _Enqueued(BaseModel):
    generations: tuple[_Queued, ...]


class _Generation(BaseModel):
    generation_id: str
    status: str
    result_url: str | None = None
    error_message: str | None = None


class _Listed(BaseModel):
    generations: tuple[_Queued, ...]


class Oxen:
    def __init__(self, http: HttpClient, *, base_url: str, key: Callable[[], str]) -> None:
        self._http = http
        self._queue_url = f"{base_url}/api/ai/queue"
        self._key = key

    def submit(self, order: Order) -> tuple[TaskId, ...]:
        body = _body(order)
        answer = post(self._http, self._queue_url, key=self._key(), body=body, provider=_NAME)
        try:
            queued = _Enqueued.model_validate_json(answer.body).generations
        except ValidationError:
            raise _refusal_of(answer) or unreadable(_NAME, answer) from None
        if answer.status != _OK or not queued:
            raise _refusal_of(answer) or unreadable(_NAME, answer)
        return tuple(TaskId(generation.generation_id) for generation in queued)

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer  # the queue knows its generations without the model
        return tuple(self._report(task_id) for task_id in task_ids)

    def finished(self, offer: Offer, task_ids: Collection[TaskId]) -> Collection[TaskId]:
        """One list call: what is no longer queued or processing has come to an end."""
        del offer
        answer = ask(self._http, self._queue_url, key=self._key(), provider=_NAME)
        try:
            listed = _Listed.model_validate_json(answer.body)
        except ValidationError as exc:
            raise ProviderUnreadable(f"{_NAME}: no list, HTTP {answer.status}") from exc
        active = {generation.generation_id for generation in listed.generations}
        return [task_id for task_id in task_ids if task_id not in active]

    def _report(self, task_id: TaskId) -> TaskReport:
        url = f"{self._queue_url}/{quote(task_id, safe='')}"
        answer = ask(self._http, url, key=self._key(), provider=_NAME)
        try:
            generation = _Generation.model_validate_json(answer.body)
            state = _STATES[generation.status]
        except (ValidationError, KeyError) as exc:
            raise ProviderUnreadable(f"{_NAME}: no generation, HTTP {answer.status}") from exc
        urls = (generation.result_url,) if generation.result_url else ()
        fault = _fault_of(generation) if state is TaskState.FAILED else None
        return TaskReport(task_id=task_id, state=state, result_urls=urls, fault=fault)


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


def _refusal_of(answer: HttpAnswer) -> Exception | None:
    body = json_object(answer)
    if body.get("generations"):
        return None
    message = _words(body)
    status = answer.status
    if status == _OK and "error" in body:  # seen in the field: 200, no generations, an error
        status = 400
    return refusal(_NAME, status=status, message=message, answer=answer)


def _words(body: dict[str, Any]) -> str:
    """Both documented error bodies, and the one without either."""
    error = body.get("error")
    if isinstance(error, dict):
        parts = [error.get(name) for name in ("detail", "message", "title", "type")]
        return next((str(part) for part in parts if part), "")
    return str(error or body.get("error_message") or body.get("status_message") or "")


def _fault_of(generation: _Generation) -> Fault:
    words = generation.error_message or f"the generation was {generation.status}"
    code = family(words, otherwise=ErrorCode.PROVIDER_REJECTED)
    return Fault(code=code, message=in_words(_NAME, words))
