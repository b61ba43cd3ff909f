"""AI/ML API: one call for one image, which stands in the answer or is lost with it.

There are no tasks to ask about. A log tells later whether a call ran, and what it has cost.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from shared.adapters.http import HttpClient
from shared.adapters.providers.aimlapi_answers import NAME, accepted, object_of, refusal_of
from shared.adapters.providers.aimlapi_logs import Page, fate, page_of, query, rows_of
from shared.adapters.providers.answers import LONGEST_MADE, SYNC_SECONDS, ask, post, unreadable
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport
from shared.domain.submission import Submission, name_of
from shared.ports.providers import Acceptance, Letter, Order, Recovery

# Echoed in their log; what is not letters, digits or one of `._:-` they drop without a word.
_OUR_NAME: Final = "x-client-request-id"


class Aimlapi:
    def __init__(self, http: HttpClient, *, base_url: str, key: Callable[[], str]) -> None:
        self._http = http
        self._generations_url = f"{base_url}/v1/images/generations"
        self._logs_url = f"{base_url}/v2/logs"
        self._key = key

    def compose(self, order: Order) -> Letter:
        body: dict[str, Any] = {
            "model": order.offer.provider_model,
            "prompt": order.wanted.prompt,
            "response_format": "url",
            **order.offer.wire_fields(order.wanted),
        }
        if order.references:
            body[order.offer.references_wire] = list(order.references)
        return Letter(order=order, body=body)

    def submit(self, letter: Letter) -> Acceptance:
        key, order = self._key(), letter.order
        answer = post(
            self._http,
            self._generations_url,
            key=key,
            body=letter.body,
            provider=NAME,
            headers={_OUR_NAME: name_of(order.job_id, order.submission)},
            deadline_seconds=SYNC_SECONDS,
            max_bytes=LONGEST_MADE,
        )
        body = object_of(answer.body)
        acceptance = accepted(answer, body, asked=order.submission.images_asked)
        if not acceptance:
            hide = [key, order.wanted.prompt]
            raise refusal_of(answer, body, hide=hide) or unreadable(NAME, answer)
        return acceptance

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Look into the log: the image is gone whatever it says, but its cost need not be."""
        sent_at = submission.sent_at
        if sent_at is None:
            return Recovery()
        rows = rows_of(lambda skipped: self._page(query(offer, sent_at, offset=skipped)))
        return Recovery(report=fate(rows, name=name))

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        """A call cannot be stopped: it goes on, and is charged, even if we hang up."""

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer, task_ids
        raise ProviderUnreadable(f"{NAME}: there are no tasks to ask about")

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        del tasks  # there are none
        return []

    def _page(self, asked: str) -> Page:
        answer = ask(self._http, f"{self._logs_url}?{asked}", key=self._key(), provider=NAME)
        page = page_of(object_of(answer.body))
        if page is None:
            raise ProviderUnreadable(f"{NAME}: no log, HTTP {answer.status}")
        return page
