"""What a process has of its own: time, chance, threads, and where it tells what it measured."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.measurement import Measurement

type RandomBytes = Callable[[int], bytes]
type TraceId = Callable[[], str]  # of the request that this process works for, or nothing


class Clock(Protocol):
    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class Metrics(Protocol):
    def __call__(self, measurements: Iterable[Measurement]) -> None:
        """Tell what was measured; costs no call, and never fails who tells it."""
        ...


class Parallel(Protocol):
    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work on all items, side by side where that is faster; keeps their order."""
        ...
