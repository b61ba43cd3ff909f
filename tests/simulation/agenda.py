"""Virtual time: what is to happen, in order."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

type Deed = Callable[[], None]

_DEEPEST = 6


@dataclass(slots=True)
class Agenda:
    """A clock that moves from one deed to the next. Who sleeps lets the others work."""

    time: datetime
    _deeds: list[tuple[datetime, int, Deed]] = field(default_factory=list)
    deepest: int = _DEEPEST
    _depth: int = 0
    _numbers: "count[int]" = field(default_factory=count)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.run_until(self.time + timedelta(seconds=seconds))

    def after(self, seconds: float, deed: Deed) -> None:
        at = self.time + timedelta(seconds=seconds)
        heapq.heappush(self._deeds, (at, next(self._numbers), deed))

    def at(self, time: datetime, deed: Deed) -> None:
        heapq.heappush(self._deeds, (max(time, self.time), next(self._numbers), deed))

    def be_overtaken(self, seconds: float) -> None:
        """Let others work in the middle of a call; how deep that goes has a bound."""
        if self._depth < self.deepest:
            self.sleep(seconds)

    def run_until(self, end: datetime) -> None:
        self._depth += 1
        try:
            while self._deeds and self._deeds[0][0] <= end:
                at, _, deed = heapq.heappop(self._deeds)
                self.time = max(self.time, at)
                deed()
        finally:
            self._depth -= 1
        self.time = max(self.time, end)

    def run_dry(self, *, end: datetime) -> None:
        """Run until nothing is left to do, or `end`."""
        while self._deeds and self._deeds[0][0] <= end:
            self.run_until(self._deeds[0][0])
