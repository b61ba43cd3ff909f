"""Queues, bus and time in memory."""

from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from shared.domain.events import Event
from shared.domain.ids import EventId, JobId
from shared.ports import TaskHint


class MemoryQueue:
    def __init__(self) -> None:
        self.messages: deque[tuple[JobId, TaskHint | None]] = deque()

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None:
        self.messages.append((job_id, hint))


class MemoryBus:
    def __init__(self) -> None:
        self.received: list[Event] = []

    def publish(self, events: Sequence[Event]) -> Collection[EventId]:
        self.received += events
        return {event.id for event in events}


class MemoryWake:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


class VirtualClock:
    """Time that passes only when someone sleeps, or is told to."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
