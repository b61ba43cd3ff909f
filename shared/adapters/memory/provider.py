"""A provider in memory with a ledger of its own: what it was asked, made and charged."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    ProviderUnreadable,
    Refused,
    SubmissionError,
)
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Made, Submission, name_of
from shared.ports.providers import Acceptance, Letter, Order, Recovery


@dataclass(slots=True)
class MemoryTask:
    order: Order
    images: int
    state: TaskState = TaskState.PENDING
    result_urls: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(slots=True)
class MemoryProvider:
    """Accepts everything until told otherwise.

    `ids_per_image` and an echo as Oxen has, else one id in all; a sync call is answered with what
    it makes, inline or by link, and with `keeps_a_log` it can be looked up by name later.
    """

    name: str
    draw: Callable[[str], bytes]
    ids_per_image: bool = False
    keeps_a_log: bool = False
    answers_inline: bool = False
    tasks: dict[TaskId, MemoryTask] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    errors: list[SubmissionError] = field(default_factory=list)
    cannot_say: Fault | None = None
    price_usd: Decimal | None = None
    loses_answers: bool = False
    is_silent: bool = False
    on_submit: Callable[[Order], None] = lambda _: None

    def compose(self, order: Order) -> Letter:
        if self.cannot_say:
            raise Refused(self.cannot_say)
        echo = (order.wanted, order.submission.images_asked)
        fingerprint = repr(echo) if self.ids_per_image else ""
        return Letter(order=order, body={}, fingerprint=fingerprint)

    def submit(self, letter: Letter) -> Acceptance:
        order = letter.order
        self.on_submit(order)
        if self.errors:
            raise self.errors.pop(0)
        ids = self._accept(order)
        is_sync = order.submission.delivery == "sync"
        if is_sync:
            self.finish_all()
        if self.loses_answers:
            message = "the answer was lost"
            raise FateUnknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message=message))
        return self._made(ids) if is_sync else Acceptance(task_ids=ids)

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Only a provider that lists its tasks, or logs its calls, can be asked what it has."""
        del offer
        if self.is_silent and (submission.fingerprint or self.keeps_a_log):
            raise ProviderUnreadable(f"{self.name} does not say")
        if self.keeps_a_log:
            return self._logged(name)
        sought = submission.fingerprint
        echoes = (t for t, task in self.tasks.items() if self._echo(task.order) == sought)
        return Recovery(task_ids=tuple(echoes) if sought else ())

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        del offer
        fault = Fault(code=ErrorCode.PROVIDER_REJECTED, message="cancelled")
        for task_id in task_ids:
            if self.tasks[task_id].state is TaskState.PENDING:
                self.fail(task_id, fault)

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer
        if self.is_silent or not self.tasks.keys() >= set(task_ids):
            raise ProviderUnreadable(f"{self.name} does not say")
        return tuple(
            TaskReport(
                task_id=task_id,
                state=self.tasks[task_id].state,
                result_urls=self.tasks[task_id].result_urls,
                fault=self.tasks[task_id].fault,
                charged_usd=self._told(self.tasks[task_id]),
            )
            for task_id in task_ids
        )

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        if self.is_silent or not self.tasks.keys() >= tasks.keys():
            raise ProviderUnreadable(f"{self.name} does not say")
        return [t for t in tasks if self.tasks[t].state is not TaskState.PENDING]

    def finish(self, task_id: TaskId, *, images: int | None = None) -> None:
        """Let a task succeed, with all its images or just some."""
        task = self.tasks[task_id]
        made = task.images if images is None else images
        urls = tuple(f"https://{self.name}.example/{task_id}/{n}" for n in range(made))
        self.files |= {url: self.draw(url) for url in urls}
        task.state, task.result_urls = TaskState.SUCCEEDED, urls

    def finish_all(self) -> None:
        for task_id, task in self.tasks.items():
            if task.state is TaskState.PENDING:
                self.finish(task_id)

    def fail(self, task_id: TaskId, fault: Fault) -> None:
        task = self.tasks[task_id]
        task.state, task.fault = TaskState.FAILED, fault

    def _told(self, task: MemoryTask) -> Decimal | None:
        """Tell what a task cost that made nothing, as APIXO's page does; Oxen's does not."""
        is_over = task.state is not TaskState.PENDING
        is_free = is_over and not task.result_urls and not self.ids_per_image
        return Decimal(0) if is_free else None

    def _accept(self, order: Order) -> tuple[TaskId, ...]:
        asked = order.submission.images_asked
        shares = [1] * asked if self.ids_per_image else [asked]
        ids = tuple(TaskId(f"{self.name}-{len(self.tasks) + n}") for n in range(len(shares)))
        for task_id, images in zip(ids, shares, strict=True):
            self.tasks[task_id] = MemoryTask(order=order, images=images)
        return ids

    def _made(self, ids: tuple[TaskId, ...]) -> Acceptance:
        urls = tuple(url for task_id in ids for url in self.tasks[task_id].result_urls)
        charged = None if self.price_usd is None else self.price_usd * len(urls)
        if self.answers_inline:
            contents = tuple(self.files[url] for url in urls)
            return Acceptance(task_ids=ids, made=Made(charged_usd=charged), contents=contents)
        return Acceptance(task_ids=ids, made=Made(urls=urls, charged_usd=charged))

    def _echo(self, order: Order) -> str:
        return repr((order.wanted, order.submission.images_asked))

    def _logged(self, name: str) -> Recovery:
        for task_id, task in self.tasks.items():
            if name_of(task.order.job_id, task.order.submission) == name:
                return Recovery(report=self._gone(task_id, task))
        return Recovery()

    def _gone(self, task_id: TaskId, task: MemoryTask) -> TaskReport:
        gone = Fault(code=ErrorCode.RESULT_GONE, message="made and billed, and no copy is kept")
        charged = None if self.price_usd is None else self.price_usd * len(task.result_urls)
        return TaskReport(
            task_id=task_id,
            state=TaskState.FAILED,
            fault=task.fault or gone,
            charged_usd=charged,
        )
