"""Oxen.ai: a queue with one task id an image, learned by polling, and a call that waits for one.

What is wrong with a queued request shows only later, as a failed generation with words but no code.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.providers.answers import (
    LONGEST_MADE,
    SYNC_SECONDS,
    ask,
    is_success,
    json_object,
    post,
    unreadable,
    withdraw,
)
from shared.adapters.providers.oxen_answers import (
    cost_of,
    listed,
    made,
    queued,
    refusal_of,
    report_of,
)
from shared.adapters.providers.oxen_echo import echoes, fingerprint
from shared.adapters.providers.oxen_request import compose, is_sync
from shared.adapters.providers.oxen_schema import LiveSchemas
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Submission
from shared.ports.providers import Acceptance, Letter, Order, Recovery

_NAME: Final = "oxen"
_HISTORY_ROWS: Final = 200
_COST_SECONDS: Final = 5.0  # a finished image waits meanwhile


class Oxen:
    def __init__(
        self,
        http: HttpClient,
        *,
        base_url: str,
        key: Callable[[], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._queue_url = f"{base_url}/api/ai/queue"
        self._history_url = f"{base_url}/api/ai/generations"
        # Of its two calls that wait, also with references: so the models' own pages showed it,
        # and a model tells no other `endpoint`. Newer pages show /images/edit for both, which
        # cannot do without a reference and has a field name of its own (providers.md 1.2).
        self._sync_url = f"{base_url}/api/ai/images/generate"
        self._key = key
        self._schemas = LiveSchemas(http, base_url=base_url, key=key, monotonic=monotonic)

    def compose(self, order: Order) -> Letter:
        live = self._schemas.of(order.offer.provider_model)
        body = compose(order, live, hide=[self._key()])
        # What is made while we wait stands in no list.
        return Letter(
            order=order, body=body, fingerprint="" if is_sync(order) else fingerprint(body)
        )

    def submit(self, letter: Letter) -> Acceptance:
        key = self._key()
        answer = self._sent(letter, key)
        body = json_object(answer.body)
        asked = letter.order.submission.images_asked
        accepted = made(body, asked=asked) if is_sync(letter.order) else queued(body)
        if not accepted or not is_success(answer):
            hide = [key, letter.order.wanted.prompt]
            raise refusal_of(answer, body, hide=hide) or unreadable(_NAME, answer)
        return accepted

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Look among what is active and what is past; the past alone may be hidden from us."""
        del name  # Oxen knows none of ours
        if not submission.fingerprint or submission.sent_at is None:
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
            withdraw(self._http, _one(self._queue_url, task_id), key=self._key())

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer  # the queue knows its generations without the model
        return tuple(self._report(task_id) for task_id in task_ids)

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        """One list call: what is no longer queued or processing has come to an end."""
        answer = ask(self._http, self._queue_url, key=self._key(), provider=_NAME)
        active = listed(json_object(answer.body))
        if active is None:
            raise ProviderUnreadable(f"{_NAME}: no list, HTTP {answer.status}")
        return [task_id for task_id in tasks if task_id not in active]

    def _sent(self, letter: Letter, key: str) -> HttpAnswer:
        if not is_sync(letter.order):
            return post(self._http, self._queue_url, key=key, body=letter.body, provider=_NAME)
        return post(
            self._http,
            self._sync_url,
            key=key,
            body=letter.body,
            provider=_NAME,
            deadline_seconds=SYNC_SECONDS,
            max_bytes=LONGEST_MADE,
        )

    def _rows(self, url: str) -> list[dict[str, Any]]:
        answer = ask(self._http, url, key=self._key(), provider=_NAME)
        rows = json_object(answer.body).get("generations")
        if not isinstance(rows, list):
            raise ProviderUnreadable(f"{_NAME}: no list, HTTP {answer.status}")
        return [row for row in rows if isinstance(row, dict)]

    def _report(self, task_id: TaskId) -> TaskReport:
        key = self._key()
        answer = ask(
            self._http,
            _one(self._queue_url, task_id),
            key=key,
            provider=_NAME,
            max_bytes=LONGEST_MADE,
        )
        report = report_of(task_id, json_object(answer.body), key=key)
        if not report:
            raise ProviderUnreadable(f"{_NAME}: no generation, HTTP {answer.status}")
        if report.state is TaskState.PENDING or report.charged_usd is not None:
            return report
        return replace(report, charged_usd=self._cost(task_id))

    def _cost(self, task_id: TaskId) -> Decimal | None:
        """Ask the history, which alone knows; without an answer the image is none the worse."""
        with suppress(ProviderUnreadable):
            answer = ask(
                self._http,
                _one(self._history_url, task_id),
                key=self._key(),
                provider=_NAME,
                deadline_seconds=_COST_SECONDS,
            )
            return cost_of(json_object(answer.body))
        return None


def _one(url: str, task_id: TaskId) -> str:
    return f"{url}/{quote(task_id, safe='')}"
