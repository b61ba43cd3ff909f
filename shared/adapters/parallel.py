"""Work side by side in threads: for calls that wait for somebody else most of the time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_AT_ONCE: Final = 10


class Threads:
    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) == 1:
            return [work(items[0])]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(work, items))


class InTurn:
    """One after the other, in this thread: the same in every run."""

    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [work(item) for item in items]
