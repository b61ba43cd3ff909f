"""How a run is told to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from local.engine import kill_all

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Asked to stop; like KeyboardInterrupt, nothing but the command itself may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Raise Stopped at the first signal; the next ones only hurry what is being stopped."""

    def stop(number: int, _: FrameType | None) -> None:
        for one in _NUMBERS:
            signal.signal(one, hurry)
        raise Stopped(number)

    def hurry(_: int, __: FrameType | None) -> None:
        kill_all()

    before = {number: signal.signal(number, stop) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
