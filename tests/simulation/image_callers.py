"""Programs that post the same image request, repeat themselves, and never heard of jobs.

They do what functions/image_posts.py does for them: hold a job, wait for it, answer or park it.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.domain.errors import ComeBackLater, JobNotFound, ServiceError
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.waiting_post import WaitingPost
from tests.memory_service import a_wish
from tests.simulation.effects import Crash, Violation

if TYPE_CHECKING:  # a world has these
    from tests.simulation.world import World

_REQUEST: Final = "the same for all of them"
_WAIT: Final = timedelta(seconds=25)
_LEASE: Final = timedelta(seconds=27)
_TIMEOUT: Final = timedelta(seconds=29)  # Lambda ends the function then
_CUT_OFF: Final = timedelta(seconds=30)  # and the gateway the exchange
_TRIES: Final = 8
_DELETES: Final = 0.05
_LOOKS: Final = (3, 10, 25)  # seconds after a post came


@dataclass(slots=True)
class ImageCallers:
    """Some calls of one request, at about the same time."""

    world: "World"
    chance: random.Random
    calls: int = 0
    lost: int = 0  # replies that were on their way when the function died
    pictures: list[JobId] = field(default_factory=list)

    def come(self) -> None:
        counts = self.chance.random() < 0.5
        self.calls = self.chance.choice((1, 2, 3))
        for _ in range(self.calls):
            caller = _Caller(self, counts=counts)
            self.world.agenda.after(self.chance.uniform(0, 40), caller.post)

    def check(self) -> None:
        """Raise Violation where a call was paid twice, or one picture went to two calls."""
        if len(set(self.pictures)) < len(self.pictures):
            raise Violation("one picture was given to two calls")
        made = [job.id for job in self.world.store.ever() if "caller" in job.metadata]
        deleted = self.world.chronicle.deleted.keys() & set(made)
        if len(made) > self.calls + self.lost + len(deleted):
            raise Violation(f"{self.calls} calls of an image, {self.lost} lost, made {made}")

    def delete(self, job_id: JobId) -> None:
        """Somebody deletes a job while nobody waits for it."""
        job = self.world.jobs.get(job_id)
        if job.is_terminal:
            self.world.chronicle.deleting.add(job_id)
        self.world.delete_job(job)


@dataclass(slots=True)
class _Caller:
    callers: ImageCallers
    counts: bool  # whether it tells how often it has repeated itself
    tries: int = 0

    def post(self) -> None:
        world = self.callers.world
        came = world.clock.now()
        self.tries += 1
        post = _Post(self, came=came)
        if not world.work(post.begin):
            self.repeat(after=40)  # an error: by then the lease is over
            return
        for seconds in _LOOKS:
            world.agenda.at(came + timedelta(seconds=seconds), post.look)

    def repeat(self, *, after: float) -> None:
        if self.tries < _TRIES:
            self.callers.world.agenda.after(after, self.post)


@dataclass(slots=True)
class _Post:
    caller: _Caller
    came: datetime
    held: WaitingPost | None = None
    is_over: bool = False
    is_taken: bool = False
    is_answering: bool = False

    def begin(self) -> None:
        world, until = self.caller.callers.world, self.came + _LEASE
        is_retry = self.caller.counts and self.caller.tries > 1
        found = world.hold_jobs.claim(_REQUEST, until=until, is_retry=is_retry)
        if world.clock.now() > self.came + _TIMEOUT:
            raise Crash
        self.held = found.post if found else self._admitted(until)

    def _admitted(self, until: datetime) -> WaitingPost | None:
        world = self.caller.callers.world
        try:
            admitted = world.admit_job(
                a_wish(provider=("apixo", "oxen"), metadata={"caller": "image"}),
                key=world.key,
                render=lambda job: str(job.id),
                hold=lambda job_id: world.hold_jobs.opened(_REQUEST, job_id, until=until),
            )
        except ServiceError as error:  # a limit keeps it out
            self.is_over = True
            if isinstance(error, ComeBackLater):
                self.caller.repeat(after=5)
            return None
        if admitted.job:
            self._sent_off(admitted.job)
        return admitted.post

    def _sent_off(self, job: Job) -> None:
        world = self.caller.callers.world

        def send() -> None:
            world.work(lambda: world.send_off(job))

        world.agenda.after(0, send)

    def look(self) -> None:
        """See whether the job is over; at the end of the wait give it up."""
        if self.is_over or self.is_answering or self.held is None:
            return
        world = self.caller.callers.world
        at_its_end = world.clock.now() >= self.came + _WAIT
        try:
            job = world.store.get(self.held.job_id)
        except JobNotFound:  # its caller is told so, and asks once more
            self.is_over = True
            self.caller.repeat(after=1)
            return
        if job.is_terminal and not self.is_taken:
            self._answer(job.id)
        if at_its_end and not self.is_over:
            self.is_over = True
            parked = world.work(self._park)
            if self.caller.callers.chance.random() < _DELETES:
                world.work(lambda: self.caller.callers.delete(job.id))
            self.caller.repeat(after=self.caller.callers.chance.choice((0.1, 2)) if parked else 40)

    def _answer(self, job_id: JobId) -> None:
        callers, held = self.caller.callers, self.held
        answered: list[bool] = []
        assert held
        self.is_answering = True
        before = set(callers.world.store.waiting)
        if not callers.world.work(lambda: answered.append(callers.world.hold_jobs.answer(held))):
            self.is_over = True
            is_gone = before - set(callers.world.store.waiting)
            callers.lost += bool(is_gone)
            self.caller.repeat(after=40)
        elif answered == [True] and callers.world.clock.now() <= self.came + _CUT_OFF:
            self.is_over = True
            callers.pictures.append(job_id)
        elif answered == [True]:  # the gateway has given up: nobody gets the reply
            self.is_over = True
            callers.lost += 1
            self.caller.repeat(after=1)
        else:
            self.is_taken = True  # its caller would come again at once: it waits out its time
        self.is_answering = False

    def _park(self) -> None:
        if self.held and not self.is_taken:
            self.caller.callers.world.hold_jobs.release(self.held)
