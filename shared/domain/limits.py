"""What an API key may spend, how fast it may ask, and how much it may have under way."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from typing import Final, NamedTuple

from shared.domain.money import Micros

_DECEMBER: Final = 12


class Window(StrEnum):
    """For how long a budget is to last."""

    MONTH = "month"  # a calendar month, in UTC
    TOTAL = "total"


class Slot(NamedTuple):
    """A stretch of time and how many jobs it has room for."""

    start: int  # seconds since 1970
    seconds: int
    room: int

    @property
    def end(self) -> int:
        return self.start + self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None is no limit."""

    budget: Micros | None = None
    window: Window = Window.MONTH
    rate: float | None = None  # jobs a second: a whole number, or less than one
    max_in_flight: int | None = None

    def window_at(self, at: datetime) -> str:
        """Return the name of the window that a moment lies in: `2026-11`, or `total`."""
        return f"{at.astimezone(UTC):%Y-%m}" if self.window is Window.MONTH else Window.TOTAL.value

    def slot_at(self, at: datetime) -> Slot | None:
        if self.rate is None:
            return None
        seconds = max(1, ceil(1 / self.rate))
        now = int(at.timestamp())
        room = max(1, int(self.rate * seconds))
        return Slot(start=now - now % seconds, seconds=seconds, room=room)


UNLIMITED: Final = Limits()


def renews_at(window: str) -> datetime | None:
    """Return when a window's budget is there anew; None: never."""
    if window == Window.TOTAL:
        return None
    year, month = map(int, window.split("-"))
    year, month = (year + 1, 1) if month == _DECEMBER else (year, month + 1)
    return datetime(year, month, 1, tzinfo=UTC)
