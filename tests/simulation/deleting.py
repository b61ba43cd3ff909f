"""Callers who delete their job and ask for it once more: nothing of it is left or comes back."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.domain.errors import JobDeleted
from shared.domain.events import Event
from shared.domain.ids import JobId
from tests.simulation.effects import Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

_DELETES: Final = 0.15
# Seconds: some while the job is under way, some when it is long over.
_AFTER: Final = (1, 30, 600, 5000)
_AGAIN_AFTER: Final = (0.5, 20, 600)
_TRIES: Final = 12


@dataclass(slots=True)
class Deleter:
    """Deletes a job, again until it is gone; then asks for it once more, until it is answered."""

    world: "World"
    chance: random.Random
    ask: Callable[[], object]  # the same request under the same idempotency key

    def hears_of(self, job_id: JobId) -> None:
        if self.chance.random() < _DELETES:
            self._later(_AFTER, lambda: self._delete(job_id, 1))

    def _later(self, seconds: tuple[float, ...], deed: Callable[[], None]) -> None:
        self.world.agenda.after(self.chance.choice(seconds), deed)

    def _delete(self, job_id: JobId, tries: int) -> None:
        self.world.work(lambda: self._remove(job_id))
        if job_id in self.world.chronicle.deleted:
            self._later(_AGAIN_AFTER, lambda: self._ask_once_more(1))
        elif tries < _TRIES:
            self._later(_AFTER, lambda: self._delete(job_id, tries + 1))

    def _remove(self, job_id: JobId) -> None:
        job = self.world.jobs.get(job_id)
        if job.is_terminal:  # from now on its images may be gone before its record
            self.world.chronicle.deleting.add(job_id)
        self.world.delete_job(job)

    def _ask_once_more(self, tries: int) -> None:
        if not self.world.work(self._hear) and tries < _TRIES:
            self._later(_AGAIN_AFTER, lambda: self._ask_once_more(tries + 1))

    def _hear(self) -> None:
        try:
            answer = self.ask()
        except JobDeleted:
            return
        raise Violation(f"the key of a deleted job is answered with {answer}")


def is_of_the_deleted(world: "World", event: Event) -> bool:
    return JobId(event.subject.removeprefix("job#")) in world.chronicle.deleted


def may_be_removed(world: "World", event: Event) -> bool:
    """Tell whether somebody began to delete its job, and got as far as its deliveries."""
    return JobId(event.subject.removeprefix("job#")) in world.chronicle.deleting


def nothing_is_left_of_the_deleted(world: "World") -> None:
    deleted = world.chronicle.deleted
    for delivery in world.delivery_log.rows.values():
        if delivery.job_id in deleted:
            raise Violation(f"{delivery.job_id} was deleted and {delivery.id} is still there")
    for event in world.store.announced.values():
        if is_of_the_deleted(world, event):
            raise Violation(f"{event.subject} was deleted and {event.id} is still to be published")
    for job_id in deleted:
        left = [key for key in world.bucket.objects if f"/{job_id}/" in key]
        if left:
            raise Violation(f"{job_id} was deleted and {left} is still there")
