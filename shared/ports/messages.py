"""What is told: to the functions that go on with a job, and to the event bus."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.events import Event
from shared.domain.ids import EventId, JobId, TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHint:
    """A task id that a callback brought: a claim to be checked, not a fact."""

    attempt: int
    task_id: TaskId


class Queue(Protocol):
    """Hands a job to another function, at least once."""

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None: ...


class Wake(Protocol):
    def __call__(self) -> None:
        """Let the watch look at once."""
        ...


class Outbox(Protocol):
    """Events that were announced and not yet published."""

    def announce(self, event: Event) -> None:
        """Announce what belongs to no row of its own; once more is the same."""
        ...

    def unpublished(self, *, before: datetime, limit: int) -> Sequence[Event]: ...

    def published(self, events: Iterable[Event]) -> None: ...


class EventBus(Protocol):
    def publish(self, events: Sequence[Event]) -> Collection[EventId]:
        """Hand events to the bus; return the ids it took."""
        ...
