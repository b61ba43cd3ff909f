"""When an exchange with a place we do not control is over: its time is up, or somebody hangs up."""

import math
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event


class Hangup:
    """Ends exchanges from another thread: at once, even one that waits for an answer."""

    def __init__(self) -> None:
        self._is_over = Event()
        self._line: socket.socket | None = None

    def __call__(self) -> None:
        # In this order: who takes a line after the cut finds that all is over before using it.
        self._is_over.set()
        _cut(self._line)

    @property
    def is_over(self) -> bool:
        return self._is_over.is_set()

    def wait(self, seconds: float) -> None:
        """Return in time, or as soon as someone hangs up."""
        self._is_over.wait(seconds)

    def take(self, line: socket.socket) -> None:
        """Hold the line to be cut; TLS puts another in the place of the first."""
        self._line = line


class Deadline:
    """When an exchange ends, and how long it may stay without a sign of life."""

    def __init__(
        self,
        seconds: float,
        monotonic: Callable[[], float],
        *,
        idle_seconds: float = math.inf,
        hangup: Hangup | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds
        self._idle_seconds = idle_seconds
        self._hangup = hangup

    def left(self) -> float:
        is_over = self._hangup is not None and self._hangup.is_over
        return 0.0 if is_over else self._at - self._monotonic()

    def timeout(self, expired: type[Exception], *, at_most: float = math.inf) -> float:
        """Return how long one socket operation may take. Raises `expired` if none may start."""
        left = self.left()
        if left <= 0:
            raise expired("no time left")
        return min(left, self._idle_seconds, at_most)

    def holds(self, line: object) -> None:
        if self._hangup and isinstance(line, socket.socket):
            self._hangup.take(line)


def _cut(line: socket.socket | None) -> None:
    if line is not None:
        with suppress(OSError):
            # A TLS socket's own method would leave the reader without TLS in mid-read.
            socket.socket.shutdown(line, socket.SHUT_RDWR)
