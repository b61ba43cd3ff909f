"""APIXO: one asynchronous task for all images, a callback when it is done, statusTask as truth.

`code` in a body speaks of the call, `data.state` of the task: a failed task has code 200.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
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

_NAME: Final = "apixo"
_OK: Final = 200
_ASKED_AT_ONCE: Final = 8

_STATES: Final = {
    "pending": TaskState.PENDING,
    "processing": TaskState.PENDING,
    "success": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
}


class _Accepted(BaseModel):
    class Data(BaseModel):
        taskId: str  # noqa: N815  # the provider's spelling

    code: int
    data: Data


class _Status(BaseModel):
    state: str
    resultJson: str = ""  # noqa: N815  # the provider's spelling
    failCode: str = ""  # noqa: N815  # the provider's spelling
    failMsg: str = ""  # noqa: N815  # the provider's spelling


class _Results(BaseModel):
    resultUrls: tuple[str, ...] = ()  # noqa: N815  # the provider's spelling


class Apixo:
    def __init__(self, http: HttpClient, *, base_url: str, key: Callable[[], str]) -> None:
        self._http = http
        self._base_url = base_url
        self._key = key

    def submit(self, order: Order) -> tuple[TaskId, ...]:
        url = f"{self._base_url}/generateTask/{order.offer.provider_model}"
        answer = post(self._http, url, key=self._key(), body=_body(order), provider=_NAME)
        try:
            accepted = _Accepted.model_validate_json(answer.body)
        except ValidationError:
            raise _refusal_of(answer) or unreadable(_NAME, answer) from None
        if answer.status != _OK or accepted.code != _OK or not accepted.data.taskId:
            raise _refusal_of(answer) or unreadable(_NAME, answer)
        return (TaskId(accepted.data.taskId),)

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        return tuple(self._report(offer, task_id) for task_id in task_ids)

    def finished(self, offer: Offer, task_ids: Collection[TaskId]) -> Collection[TaskId]:
        """APIXO has no list: every task is asked about, a few at a time."""

        def is_finished(task_id: TaskId) -> bool:
            try:
                return self._report(offer, task_id).state is not TaskState.PENDING
            except ProviderUnreadable:
                return False

        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            answers = pool.map(is_finished, task_ids)
            return [task_id for task_id, done in zip(task_ids, answers, strict=True) if done]

    def _report(self, offer: Offer, task_id: TaskId) -> TaskReport:
        query = quote(task_id, safe="")
        url = f"{self._base_url}/statusTask/{offer.provider_model}?taskId={query}"
        answer = ask(self._http, url, key=self._key(), provider=_NAME)
        body = json_object(answer)
        try:
            status = _Status.model_validate(body.get("data"))
            state = _STATES[status.state]
            urls = _Results.model_validate_json(status.resultJson or "{}").resultUrls
        except (ValidationError, KeyError) as exc:
            raise ProviderUnreadable(f"{_NAME}: no task state, HTTP {answer.status}") from exc
        fault = _fault_of(status) if state is TaskState.FAILED else None
        return TaskReport(task_id=task_id, state=state, result_urls=urls, fault=fault)


def _body(order: Order) -> dict[str, Any]:
    wanted = order.wanted
    content: dict[str, Any] = {
        "mode": "image-to-image" if order.references else "text-to-image",
        "prompt": wanted.prompt,
        "max_images": order.submission.images_asked,
        **order.offer.wire_fields(wanted),
    }
    if order.references:
        content[order.offer.references_wire] = list(order.references)
    if order.callback_url is None:
        return {"request_type": "async", "input": content}
    return {"request_type": "callback", "callback_url": order.callback_url, "input": content}


def _refusal_of(answer: HttpAnswer) -> Exception | None:
    """Read a refusal by HTTP status or by the body's code; a task id beside it forbids both."""
    body = json_object(answer)
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("taskId"):
        return None
    code = body.get("code")
    status = code if answer.status == _OK and isinstance(code, int) else answer.status
    message = " ".join(str(part) for part in (body.get("message"), data.get("error")) if part)
    return refusal(_NAME, status=status, message=message, answer=answer)


def _fault_of(status: _Status) -> Fault:
    words = f"{status.failCode} {status.failMsg}"
    code = family(words, otherwise=ErrorCode.PROVIDER_REJECTED)
    return Fault(code=code, message=in_words(_NAME, words))
