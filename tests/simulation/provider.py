"""The provider of the simulation: a world of its own, with a ledger nobody can edit."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

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
from shared.domain.submission import Made, Submission, name_of
from shared.ports.providers import Acceptance, Letter, Order, Recovery
from tests.simulation.agenda import Agenda
from tests.simulation.effects import Effects

_PRICE = Decimal("0.0350")
_PENDING_FOR_EVER = 10.0**9
_WINDOW = timedelta(seconds=120)
_SYNC_SECONDS = 110.0  # by then a call that waits has made its image, heard or not
_INLINE = 0.3


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
    # Each is looked at once for every lost answer, so they are worked out beforehand.
    name: str = field(init=False)
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = name_of(self.order.job_id, self.submission)
        self.fingerprint = _fingerprint(self.order)

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
    waits_for_the_image: bool = False
    tasks: dict[TaskId, Task] = field(default_factory=dict)
    made_for: dict[JobId, list[Task]] = field(default_factory=lambda: defaultdict(list))
    heard: list[tuple[JobId, int, int]] = field(default_factory=list)  # requests that came in

    def compose(self, order: Order) -> Letter:
        return Letter(order=order, body={}, fingerprint=_fingerprint(order))

    def submit(self, letter: Letter) -> Acceptance:
        return self.effects.happen(f"{self.name}.submit", lambda: self._submit(letter.order))

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        del offer
        return self.effects.happen(f"{self.name}.report", lambda: self._report(task_ids))

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        reports = self.effects.happen(f"{self.name}.report", lambda: self._report(list(tasks)))
        return [r.task_id for r in reports if r.state is not TaskState.PENDING]

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        del offer
        if not self.ids_per_image and not self.waits_for_the_image:
            return Recovery()
        look = self._logged if self.waits_for_the_image else self._echoes
        return self.effects.happen(f"{self.name}.recover", lambda: look(submission, name))

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        del offer
        self.effects.happen(f"{self.name}.cancel", lambda: self._cancel(task_ids))

    def _chances(self, rate: float) -> bool:
        return not self.effects.calm and rate > 0 and self.chance.random() < rate

    def _submit(self, order: Order) -> Acceptance:
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
        if self.waits_for_the_image:
            return self._made(self.tasks[task_ids[0]])
        return Acceptance(task_ids=task_ids)

    def _made(self, task: Task) -> Acceptance:
        """Answer with the image itself, by link or inline."""
        self.agenda.be_overtaken(self.chance.uniform(0, 12))
        self._finish(task)
        if task.fault:
            raise Refused(task.fault)
        inline = self.chance.random() < _INLINE
        made = Made(urls=() if inline else task.urls, charged_usd=task.charged)
        contents = tuple(self.web[url] for url in task.urls) if inline else ()
        return Acceptance(task_ids=(task.id,), made=made, contents=contents)

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
            seconds = _SYNC_SECONDS if self.waits_for_the_image else self._seconds()
            self.agenda.after(seconds, partial(self._finish, task))
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
            self.agenda.after(delay, partial(self.call_back, url, claimed))

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

    def _echoes(self, submission: Submission, _: str) -> Recovery:
        """Return the tasks whose request looks like what was sent, whoever sent it."""
        if self._chances(self.habits.unreadable):
            raise ProviderUnreadable(f"{self.name} does not say")
        found = (
            task.id
            for task in self.tasks.values()
            if task.fingerprint == submission.fingerprint
            and submission.sent_at
            and abs(task.accepted_at - submission.sent_at) <= _WINDOW
        )
        return Recovery(task_ids=tuple(found))

    def _logged(self, _: Submission, name: str) -> Recovery:
        """Say whether a call of that name was answered; what it made is gone."""
        if self._chances(self.habits.unreadable):
            raise ProviderUnreadable(f"{self.name} does not say")
        for task in self.tasks.values():
            if task.name == name and task.state is not TaskState.PENDING:
                fault = task.fault or _fault(ErrorCode.RESULT_GONE)
                failed = TaskState.FAILED
                report = TaskReport(
                    task_id=task.id, state=failed, fault=fault, charged_usd=task.charged
                )
                return Recovery(report=report)
        return Recovery()

    def _cancel(self, task_ids: Collection[TaskId]) -> None:
        for task_id in task_ids:
            task = self.tasks[task_id]
            if task.state is TaskState.PENDING:
                task.state, task.fault = TaskState.FAILED, _fault(ErrorCode.PROVIDER_REJECTED)


def _fingerprint(order: Order) -> str:
    return repr((order.offer.provider_model, order.wanted, order.submission.images_asked))


def _fault(code: ErrorCode) -> Fault:
    return Fault(code=code, message="as simulated")
