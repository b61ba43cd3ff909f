"""Work side by side: in the order it was given, and no more at once than is allowed."""

from threading import Barrier, Lock

import pytest

from shared.adapters.parallel import InTurn, Threads
from shared.ports.runtime import Parallel

PATIENCE_SECONDS = 20


@pytest.mark.parametrize("parallel", [Threads(at_once=2), InTurn()], ids=["threads", "in turn"])
@pytest.mark.parametrize("items", [[], [3], [3, 1, 2]], ids=["none", "one", "three"])
def test_what_comes_of_it_is_in_the_order_of_what_went_in(
    parallel: Parallel, items: list[int]
) -> None:
    assert parallel(lambda item: item * 10, items) == [item * 10 for item in items]


def test_as_many_as_are_allowed_work_at_once() -> None:
    both = Barrier(2, timeout=PATIENCE_SECONDS)

    assert len(Threads(at_once=2)(lambda _: both.wait(), range(4))) == 4  # or the barrier breaks


def test_no_more_work_at_once_than_are_allowed() -> None:
    lock, working, most = Lock(), 0, 0
    pair = Barrier(2, timeout=PATIENCE_SECONDS)

    def work(_: int) -> None:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        pair.wait()
        with lock:
            working -= 1
        pair.wait()

    Threads(at_once=2)(work, range(6))

    assert most == 2


def test_what_goes_wrong_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        Threads(at_once=2)(lambda item: 1 // item, [1, 0])
