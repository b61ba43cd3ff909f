"""APIXO: one asynchronous task for all images, a callback when it is done, statusTask as truth.

`code` in a body speaks of the call, `data.state` of the task: a failed task has code 200.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import Field

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.inline_images import link_of
from shared.adapters.providers.answers import (
    LONGEST_MADE,
    LONGEST_STATUS,
    Answer,
    ask,
    is_success,
    json_object,
    post,
    read,
    refusal,
    unreadable,
)
from shared.adapters.providers.words import fault_of, in_words
from shared.domain.bounds import LONGEST_TASK_ID
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Submission
from shared.ports.providers import Acceptance, Letter, Order, Recovery

_NAME: Final = "apixo"
_FIRST_ERROR: Final = 400
_ASKED_AT_ONCE: Final = 8
_FREE: Final = Decimal(0)  # its page: the final charge is for the successful images

_STATES: Final = {
    "pending": TaskState.PENDING,
    "processing": TaskState.PENDING,
    "success": TaskState.SUCCEEDED,
    "failed": TaskState.FAILED,
}


class _Accepted(Answer):
    class Data(Answer):
        taskId: Annotated[str, Field(min_length=1, max_length=LONGEST_TASK_ID)]  # noqa: N815  # the provider's spelling

    data: Data


class _Status(Answer):
    class Data(Answer):
        state: str
        resultJson: object = None  # noqa: N815  # the provider's spelling
        failCode: object = None  # noqa: N815  # the provider's spelling
        failMsg: object = None  # noqa: N815  # the provider's spelling

    code: object = None
    data: Data


class _Results(Answer):
    resultUrls: tuple[str, ...] | None = None  # noqa: N815  # the provider's spelling


class Apixo:
    def __init__(self, http: HttpClient, *, base_url: str, key: Callable[[], str]) -> None:
        self._http = http
        self._base_url = base_url
        self._key = key

    def compose(self, order: Order) -> Letter:
        return Letter(order=order, body=_body(order))

    def submit(self, letter: Letter) -> Acceptance:
        url = f"{self._base_url}/generateTask/{letter.order.offer.provider_model}"
        key = self._key()
        answer = post(self._http, url, key=key, body=letter.body, provider=_NAME)
        body = json_object(answer.body)
        accepted = read(_Accepted, body)
        if not accepted or not is_success(answer):
            raise _refusal_of(answer, body, letter.order, key) or unreadable(_NAME, answer)
        # Whatever `code` says beside it: a task id is a task, and it may be charged.
        return Acceptance(task_ids=(TaskId(accepted.data.taskId),))

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """APIXO has no list and echoes nothing: lost answers come back by callback."""
        del offer, submission, name
        return Recovery()

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        """APIXO documents no way to stop a task: it goes on, and its images are kept as late."""

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        return tuple(self._report(offer, task_id, max_bytes=LONGEST_MADE) for task_id in task_ids)

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        """APIXO has no list: every task is asked about, a few at a time."""

        def is_finished(task_id: TaskId) -> bool:
            try:
                return self._report(tasks[task_id], task_id).state is not TaskState.PENDING
            except ProviderUnreadable:
                return False

        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            answers = pool.map(is_finished, tasks)
            return [task_id for task_id, done in zip(tasks, answers, strict=True) if done]

    def _report(
        self, offer: Offer, task_id: TaskId, *, max_bytes: int = LONGEST_STATUS
    ) -> TaskReport:
        query = quote(task_id, safe="")
        url = f"{self._base_url}/statusTask/{offer.provider_model}?taskId={query}"
        key = self._key()
        answer = ask(self._http, url, key=key, provider=_NAME, max_bytes=max_bytes)
        status = read(_Status, json_object(answer.body))
        state = _STATES.get(status.data.state) if status else None
        if not status or not state or _is_error(status.code):
            raise ProviderUnreadable(f"{_NAME}: no task state, HTTP {answer.status}")
        if state is TaskState.SUCCEEDED:
            urls = _urls(status)
            charged = None if urls else _FREE
            return TaskReport(task_id=task_id, state=state, result_urls=urls, charged_usd=charged)
        if state is TaskState.PENDING:
            return TaskReport(task_id=task_id, state=state)
        parts = (status.data.failCode, status.data.failMsg)
        words = in_words(_NAME, parts, hide=[key], otherwise="the task failed")
        return TaskReport(task_id=task_id, state=state, fault=fault_of(words), charged_usd=_FREE)


def _is_error(code: object) -> bool:
    return isinstance(code, int) and code >= _FIRST_ERROR


def _urls(status: _Status) -> tuple[str, ...]:
    results = read(_Results, status.data.resultJson or "{}")
    if not results:
        raise ProviderUnreadable(f"{_NAME}: a finished task whose results cannot be read")
    return tuple(map(link_of, results.resultUrls or ()))


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


def _refusal_of(
    answer: HttpAnswer, body: dict[str, Any], order: Order, key: str
) -> Exception | None:
    """Read a refusal by HTTP status or by the body's code; a task id beside it forbids both."""
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    if data.get("taskId"):
        return None
    code = body.get("code")
    status = code if is_success(answer) and isinstance(code, int) else answer.status
    parts = [body.get("message"), *(data.get(name) for name in ("error", "failCode", "failMsg"))]
    words = in_words(
        _NAME, parts, hide=[key, order.wanted.prompt], otherwise=f"refused with {status}"
    )
    return refusal(status, words, answer)
