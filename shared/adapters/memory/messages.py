"""Queues, bus and time in memory."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from shared.domain.events import Event
from shared.domain.ids import EventId, JobId, TaskId
from shared.ports.messages import TaskHint
from shared.ports.providers import News
from shared.ports.runtime import Clock


class MemoryQueue:
    def __init__(self) -> None:
        self.messages: deque[tuple[JobId, TaskHint | None]] = deque()

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None:
        self.messages.append((job_id, hint))


class MemoryIntakeQueue:
    def __init__(self) -> None:
        self.later: list[tuple[str, int]] = []

    def send_later(self, message: str, *, seconds: int) -> None:
        self.later.append((message, seconds))


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


class MemoryStream:
    """An event stream that tells what it is told to; waiting for it takes virtual time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: set[TaskId] = set()
        self._gaps = False
        self.listeners = 0

    @contextmanager
    def listen(self) -> Iterator["MemoryStream"]:
        self.listeners += 1
        self._gaps = True
        try:
            yield self
        finally:
            self.listeners -= 1

    def tell(self, task_id: TaskId) -> None:
        """Tell who listens at this moment, and nobody later."""
        if self.listeners:
            self._ended.add(task_id)

    def reconnect(self) -> None:
        self._gaps = True

    def wait(self, seconds: float) -> News:
        if not self._ended and not self._gaps:
            self._clock.sleep(seconds)
        news = News(ended=frozenset(self._ended), gaps=self._gaps)
        self._ended, self._gaps = set(), False
        return news


class VirtualClock:
    """Time that passes only when someone sleeps, or is told to."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
