"""The circuit breaker of a model at a provider: when calls are worth making, and when not.

Five calls in a row that nobody answers open it; a refused key or used up credits open it at once.
After a pause one call tries whether the provider is back; it closes the breaker, or doubles the
pause. What was on its way before the breaker opened changes nothing while the pause lasts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from shared.domain.errors import ErrorCode, Fault

OPENS_AFTER: Final = 5
PROBE_LIFE: Final = timedelta(minutes=3)  # who has not told the outcome by then has crashed
_PAUSE: Final = timedelta(seconds=30)
_LONG_PAUSE: Final = timedelta(seconds=60)
_LONGEST_PAUSE: Final = timedelta(minutes=10)

# Waiting mends neither, and each call more is in vain: one is enough.
_AT_ONCE: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.PROVIDER_AUTH: "it refuses our key",
    ErrorCode.PROVIDER_CREDITS: "our credits are used up",
}
_UNANSWERED: Final = frozenset({ErrorCode.PROVIDER_UNAVAILABLE, ErrorCode.AMBIGUOUS_SUBMIT})
# Who refuses a request for what it asks has read it.
_SIGNS_OF_LIFE: Final = frozenset(
    {
        ErrorCode.CONTENT_POLICY,
        ErrorCode.INVALID_INPUT,
        ErrorCode.REFERENCE_UNREACHABLE,
        ErrorCode.PROVIDER_REJECTED,
        ErrorCode.EMPTY_RESULT,
        ErrorCode.NOT_AN_IMAGE,
    }
)


class BreakerState(StrEnum):
    CLOSED = "closed"  # calls go
    OPEN = "open"  # no call goes
    HALF_OPEN = "half_open"  # one call goes, and decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Version 0 has never been written. `reason` is in our words, never in a provider's."""

    provider: str
    model: str
    version: int = 0
    failures: int = 0  # in a row
    opened_at: datetime | None = None  # where this outage began; None while closed
    pause: timedelta = timedelta()
    retry_at: datetime | None = None  # when the pause is over
    probe_at: datetime | None = None  # when the right to try was taken
    reason: Fault | None = None
    closed_at: datetime | None = None  # where the latest outage ended

    @property
    def is_tripped(self) -> bool:
        """Whether there is an outage; also while it is tried whether that is over."""
        return self.opened_at is not None

    def state(self, now: datetime) -> BreakerState:
        if not self.is_tripped:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._is_paused(now) else BreakerState.HALF_OPEN

    def admits(self, now: datetime) -> bool:
        """Whether a call may go: half open, that of whoever then saves `probing`."""
        return not self._is_paused(now) and self.probed_until(now) is None

    def probed_until(self, now: datetime) -> datetime | None:
        """Return until when the right to try is someone's, None when it is free."""
        if self.probe_at is None or now >= self.probe_at + PROBE_LIFE:
            return None
        return self.probe_at + PROBE_LIFE

    def probing(self, now: datetime) -> Self:
        """Take the right to try; a closed breaker stays as it is and lets everyone through."""
        return self._changed(replace(self, probe_at=now)) if self.is_tripped else self

    def after(self, outcome: Fault | None, now: datetime) -> Self:
        """Return what a call's outcome makes of it: itself when there is nothing to write down.

        None means accepted. An outcome that says nothing of the provider's health, such as a 429,
        gives the right to try back.
        """
        if self._is_paused(now):
            return self
        if outcome is None or outcome.code in _SIGNS_OF_LIFE:
            return self._alive(now)
        if outcome.code in _UNANSWERED or outcome.code in _AT_ONCE:
            return self._failed(outcome.code, now)
        return self._changed(replace(self, probe_at=None)) if self.probe_at else self

    def _is_paused(self, now: datetime) -> bool:
        return self.retry_at is not None and now < self.retry_at

    def _alive(self, now: datetime) -> Self:
        if not self.failures:
            return self
        fresh = type(self)(provider=self.provider, model=self.model, version=self.version)
        return self._changed(replace(fresh, closed_at=now if self.is_tripped else self.closed_at))

    def _failed(self, code: ErrorCode, now: datetime) -> Self:
        failures = self.failures + 1
        if not self.is_tripped and failures < OPENS_AFTER and code not in _AT_ONCE:
            return self._changed(replace(self, failures=failures))
        return self._changed(self._opened(code, now, failures=failures))

    def _opened(self, code: ErrorCode, now: datetime, *, failures: int) -> Self:
        shortest = _LONG_PAUSE if code in _AT_ONCE else _PAUSE
        pause = min(max(2 * self.pause, shortest), _LONGEST_PAUSE)
        unanswered = f"{failures} calls in a row could not be answered"
        return replace(
            self,
            failures=failures,
            opened_at=self.opened_at or now,
            pause=pause,
            retry_at=now + pause,
            probe_at=None,
            reason=Fault(code=code, message=_AT_ONCE.get(code, unanswered)),
        )

    def _changed(self, changed: Self) -> Self:
        return replace(changed, version=self.version + 1)
