"""Work side by side in threads: for calls that wait for somebody else most of the time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threads:
    at_once: int

    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) <= 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(work, items))


class InTurn:
    """One after the other, in this thread: the same in every run."""

    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [work(item) for item in items]
