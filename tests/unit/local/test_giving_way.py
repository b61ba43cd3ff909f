"""A function's process wants less of the machine than the engine that starts it."""

import os
import sys

from local.giving_way import GivingWay


def test_a_function_gives_way_to_the_engine() -> None:
    tell = "import os; print(os.getpriority(os.PRIO_PROCESS, 0), end='') if input() else None"

    # It is told to go on when its place is known, as the engine tells a function what it is.
    with GivingWay([sys.executable, "-c", tell], stdin=-1, stdout=-1, text=True) as function:
        told, _ = function.communicate("go on\n")

    assert int(told) == min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)
