"""The provider of the simulation: a world of its own, with a ledger nobody can edit."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    NotSent,
    ProviderUnreadable,
    Refused,
)
from shared.domain.ids import JobId, TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport, TaskState
from shared.domain.submission import Submission
from shared.domain.wanted import JobInput
from shared.ports import Order
from tests.simulation.agenda import Agenda
from tests.simulation.effects import Effects

_PRICE = Decimal("0.0350")
_PENDING_FOR_EVER = 10.0**9
_WINDOW = timedelta(seconds=120)


@dataclass(slots=True)
class Task:
    """One row of the ledger."""

    id: TaskId
    order: Order
    images: int
    accepted_at: datetime
    state: TaskState = TaskState.PENDING
    urls: tuple[str, ...] = ()
    fault: Fault | None = None
    callbacks_heard: int = 0

    @property
    def submission(self) -> Submission:
        return self.order.submission

    @property
    def charged(self) -> Decimal:
        return _PRICE * len(self.urls)


@dataclass(slots=True, kw_only=True)
class Habits:
    """How a provider behaves, as rates from 0 to 1."""

    not_sent: float = 0.0
    refuses: float = 0.0
    loses_answer: float = 0.0  # accepted, and nobody hears of it
    loses_request: float = 0.0  # not accepted, and nobody hears of it
    unreadable: float = 0.0
    drops_callback: float = 0.0
    repeats_callback: float = 0.0
    lies_in_callback: float = 0.0
    overtakes: float = 0.0
    fails: float = 0.0
    makes_fewer: float = 0.0
    hangs: float = 0.0
    is_slow: float = 0.0
    longest_seconds: float = 60.0
    serves_badly: float = 0.0


@dataclass(slots=True)
class SimulatedProvider:
    name: str
    agenda: Agenda
    effects: Effects
    habits: Habits
    chance: random.Random
    web: dict[str, bytes]
    draw: Callable[[str], bytes]
    call_back: Callable[[str, TaskId], None]
    ids_per_image: bool
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    made_for: dict[JobId, list[Task]] = field(default_factory=lambda: defaultdict(list))
    heard: list[tuple[JobId, int, int]] = field(default_factory=list)  # requests that came in

    def submit(self, order: Order) -> tuple[TaskId, ...]:
        return self.effects.happen(f"{self.name}.submit", lambda: self._submit(order))  # type: ignore[no-any-return]

    def fingerprint(self, order: Order) -> str:
        return repr((order.offer.provider_model, order.wanted, order.submission.images_asked))

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer
        return self.effects.happen(f"{self.name}.report", lambda: self._report(task_ids))  # type: ignore[no-any-return]

    def finished(self, offer: Offer, task_ids: Collection[TaskId]) -> Collection[TaskId]:
        reports = self.report(offer, list(task_ids))
        return [r.task_id for r in reports if r.state is not TaskState.PENDING]

    def recover(self, offer: Offer, wanted: JobInput, submission: Submission) -> tuple[TaskId, ...]:
        del offer, wanted
        if not self.ids_per_image:
            return ()
        return self.effects.happen(f"{self.name}.recover", lambda: self._echoes(submission))  # type: ignore[no-any-return]

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        del offer
        self.effects.happen(f"{self.name}.cancel", lambda: self._cancel(task_ids))

    def _chances(self, rate: float) -> bool:
        return not self.effects.calm and rate > 0 and self.chance.random() < rate

    def _submit(self, order: Order) -> tuple[TaskId, ...]:
        habits = self.habits
        if self._chances(habits.not_sent):
            raise NotSent(_fault(ErrorCode.PROVIDER_UNAVAILABLE))
        if self._chances(habits.refuses):
            raise Refused(_fault(ErrorCode.CONTENT_POLICY))
        if self._chances(habits.loses_request):
            raise FateUnknown(_fault(ErrorCode.AMBIGUOUS_SUBMIT))
        task_ids = self._accept(order)
        if self._chances(habits.overtakes):
            self.agenda.be_overtaken(120)  # done, and called back, before our answer is there
        if self._chances(habits.loses_answer):
            raise FateUnknown(_fault(ErrorCode.AMBIGUOUS_SUBMIT))
        return task_ids

    def _accept(self, order: Order) -> tuple[TaskId, ...]:
        submission = order.submission
        self.heard.append((order.job_id, submission.attempt, submission.number))
        asked = submission.images_asked
        shares = [1] * asked if self.ids_per_image else [asked]
        accepted = []
        for images in shares:
            task = Task(TaskId(f"{self.name}-{len(self.tasks)}"), order, images, self.agenda.now())
            self.tasks[task.id] = task
            self.made_for[order.job_id].append(task)
            accepted.append(task.id)
            self.agenda.after(self._seconds(), lambda task=task: self._finish(task))  # type: ignore[misc]
        return tuple(accepted)

    def _seconds(self) -> float:
        if self._chances(self.habits.hangs):
            return _PENDING_FOR_EVER
        if self._chances(self.habits.is_slow):
            return self.chance.uniform(60, 7200)
        return self.chance.uniform(0, self.habits.longest_seconds)

    def _finish(self, task: Task) -> None:
        if task.state is not TaskState.PENDING:
            return
        if self._chances(self.habits.fails):
            task.state, task.fault = TaskState.FAILED, _fault(ErrorCode.CONTENT_POLICY)
        else:
            made = task.images
            if self._chances(self.habits.makes_fewer):
                made = self.chance.randrange(made + 1)
            task.urls = tuple(f"https://{self.name}/{task.id}/{n}" for n in range(made))
            self.web.update({url: self.draw(url) for url in task.urls})
            task.state = TaskState.SUCCEEDED
        self._call_back(task)

    def _call_back(self, task: Task) -> None:
        url = task.order.callback_url
        if url is None or self._chances(self.habits.drops_callback):
            return
        times = 1 + 2 * self._chances(self.habits.repeats_callback)
        for _ in range(times):
            claimed = TaskId("forged") if self._chances(self.habits.lies_in_callback) else task.id
            delay = self.chance.choice([0, 1, 40, 3600, 2 * 86400]) if times > 1 else 0
            self.agenda.after(delay, lambda claimed=claimed: self.call_back(url, claimed))  # type: ignore[misc]

    def _report(self, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        if self._chances(self.habits.unreadable) or not self.tasks.keys() >= set(task_ids):
            raise ProviderUnreadable(f"{self.name} does not say")
        return tuple(self._state(self.tasks[task_id]) for task_id in task_ids)

    def _state(self, task: Task) -> TaskReport:
        return TaskReport(
            task_id=task.id,
            state=task.state,
            result_urls=task.urls,
            fault=task.fault,
            charged_usd=task.charged if task.state is not TaskState.PENDING else None,
        )

    def _echoes(self, submission: Submission) -> tuple[TaskId, ...]:
        """Return the tasks whose request looks like what was sent, whoever sent it."""
        if self._chances(self.habits.unreadable):
            raise ProviderUnreadable(f"{self.name} does not say")
        return tuple(
            task.id
            for task in self.tasks.values()
            if task.submission.fingerprint == submission.fingerprint
            and submission.sent_at
            and abs(task.accepted_at - submission.sent_at) <= _WINDOW
        )

    def _cancel(self, task_ids: Collection[TaskId]) -> None:
        for task_id in task_ids:
            task = self.tasks[task_id]
            if task.state is TaskState.PENDING:
                task.state, task.fault = TaskState.FAILED, _fault(ErrorCode.PROVIDER_REJECTED)


def _fault(code: ErrorCode) -> Fault:
    return Fault(code=code, message="as simulated")
