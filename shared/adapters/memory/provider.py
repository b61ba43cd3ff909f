"""A provider in memory with a ledger of its own: what it was asked, made and charged."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    ProviderUnreadable,
    SubmissionError,
)
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Submission
from shared.domain.wanted import JobInput
from shared.ports import Order


@dataclass(slots=True)
class MemoryTask:
    order: Order
    images: int
    state: TaskState = TaskState.PENDING
    result_urls: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(slots=True)
class MemoryProvider:
    """Accepts everything until told otherwise; `ids_per_image` as Oxen does, else one id in all."""

    name: str
    draw: Callable[[str], bytes]
    ids_per_image: bool = False
    tasks: dict[TaskId, MemoryTask] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    errors: list[SubmissionError] = field(default_factory=list)
    loses_answers: bool = False
    is_silent: bool = False
    on_submit: Callable[[Order], None] = lambda _: None

    def submit(self, order: Order) -> tuple[TaskId, ...]:
        self.on_submit(order)
        if self.errors:
            raise self.errors.pop(0)
        asked = order.submission.images_asked
        shares = [1] * asked if self.ids_per_image else [asked]
        ids = tuple(TaskId(f"{self.name}-{len(self.tasks) + n}") for n in range(len(shares)))
        for task_id, images in zip(ids, shares, strict=True):
            self.tasks[task_id] = MemoryTask(order=order, images=images)
        if self.loses_answers:
            message = "the answer was lost"
            raise FateUnknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message=message))
        return ids

    def fingerprint(self, order: Order) -> str:
        return repr((order.wanted, order.submission.images_asked)) if self.ids_per_image else ""

    def recover(self, offer: Offer, wanted: JobInput, submission: Submission) -> tuple[TaskId, ...]:
        """Only a provider that lists its tasks can be asked what it has."""
        del offer, wanted
        sought = submission.fingerprint
        if sought and self.is_silent:
            raise ProviderUnreadable(f"{self.name} does not say")
        return tuple(
            task_id
            for task_id, task in self.tasks.items()
            if sought and task.order.submission.fingerprint == sought
        )

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
            )
            for task_id in task_ids
        )

    def finished(self, offer: Offer, task_ids: Collection[TaskId]) -> Collection[TaskId]:
        reports = self.report(offer, list(task_ids))
        return [r.task_id for r in reports if r.state is not TaskState.PENDING]

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
