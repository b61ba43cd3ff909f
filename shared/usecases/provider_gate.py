"""The gate before each provider: shut while it is out of order, and when enough is in flight.

In good times it costs one small read every few seconds in each process, and, only where a limit is
set, a write when a job goes in and one when it is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.breaker import Breaker, BreakerState
from shared.domain.errors import Fault, VersionConflict
from shared.domain.ids import JobId
from shared.domain.places import overstayed
from shared.ports.gates import Breakers, Places
from shared.ports.runtime import Clock

_REMEMBERED: Final = timedelta(seconds=5)
SHORT_WAIT: Final = timedelta(seconds=15)  # for a place, or for how a trial call ends
_TRIES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a job may go to its provider; if not, when to ask again, and why in words."""

    wait_until: datetime | None = None
    why: str = ""

    @property
    def may_go(self) -> bool:
        return self.wait_until is None


_GO: Final = Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderStates:
    """Every breaker that was ever written; jobs are counted where there is a limit."""

    breakers: Sequence[tuple[Breaker, BreakerState]]
    in_flight: Mapping[str, int]

    def of(self, provider: str, model: str) -> tuple[Breaker, BreakerState] | None:
        found = (
            (breaker, state)
            for breaker, state in self.breakers
            if (breaker.provider, breaker.model) == (provider, model)
        )
        return next(found, None)


class ProviderGate:
    """Remembers all breakers for five seconds, so that most questions read nothing."""

    def __init__(
        self, *, breakers: Breakers, places: Places, limits: Mapping[str, int], clock: Clock
    ) -> None:
        self._breakers = breakers
        self._places = places
        self._limits = limits
        self._clock = clock
        self._seen: dict[tuple[str, str], Breaker] = {}
        self._seen_at: datetime | None = None

    def is_healthy(self, provider: str, model: str) -> bool:
        """Tell whether a call is worth routing there, the one that tries an open breaker too."""
        now = self._clock.now()
        return self._breaker(provider, model, now).admits(now)

    def is_wide_open(self, provider: str, model: str) -> bool:
        """Tell whether `enter` would let anybody in, and write nothing."""
        now = self._clock.now()
        breaker = self._breaker(provider, model, now)
        is_counted = provider in self._limits
        return not is_counted and breaker.admits(now) and breaker.probing(now) is breaker

    def enter(self, job_id: JobId, provider: str, model: str) -> Verdict:
        """Ask to go in, before the job is claimed; who may go has a place, and tells the outcome.

        A job may ask as often as it likes. Told to wait it holds nothing here, also when it had a
        place before. Where it goes as the one that tries, nobody else does until its outcome is
        reported, for three minutes at most.

        Raises whatever the table raises: nothing is claimed yet, so the queue asks again.
        """
        now = self._clock.now()
        breaker = self._breaker(provider, model, now)
        if not breaker.admits(now):
            return _out_of_order(breaker, now)
        if not self._takes_place(provider, job_id, now):
            return self._full(provider, now)
        verdict = self._admitted(provider, model, now)
        if not verdict.may_go:
            self.leave(job_id, provider)
        return verdict

    def report(self, provider: str, model: str, fault: Fault | None) -> None:
        """Count the outcome of a paid call; None means accepted.

        Raises whatever the table raises. So call it once the answer is written down, and guard
        it there: what was sent must not fail because it could not be counted. A count that is
        lost does no harm.
        """
        now = self._clock.now()
        for _ in range(_TRIES):
            breaker = self._breaker(provider, model, now)
            changed = breaker.after(fault, now)
            if changed is breaker or self._saved(changed, was=breaker):
                return

    def leave(self, job_id: JobId, provider: str) -> None:
        """Give a job's place back, when nothing of it is in flight there any more."""
        if provider in self._limits:
            self._places.release(provider, job_id)

    def states(self) -> ProviderStates:
        now = self._clock.now()
        found = sorted(self._breakers.all(), key=lambda one: (one.provider, one.model))
        return ProviderStates(
            breakers=[(breaker, breaker.state(now)) for breaker in found],
            in_flight={provider: self._in_flight(provider, now) for provider in self._limits},
        )

    def _breaker(self, provider: str, model: str, now: datetime) -> Breaker:
        if self._seen_at is None or now >= self._seen_at + _REMEMBERED:
            self._seen = {(one.provider, one.model): one for one in self._breakers.all()}
            self._seen_at = now
        unwritten = Breaker(provider=provider, model=model)
        return self._seen.get((provider, model), unwritten)

    def _saved(self, breaker: Breaker, *, was: Breaker) -> bool:
        try:
            self._breakers.save(breaker, was=was)
        except VersionConflict:
            self._seen_at = None
            return False
        self._seen[breaker.provider, breaker.model] = breaker
        return True

    def _admitted(self, provider: str, model: str, now: datetime) -> Verdict:
        """Tell whether the job goes, once it holds the right to try where only one may have it.

        While the breaker is closed every job goes, and nothing is written. Half open, one goes: who
        is written down first. Who loses that race each time is told to wait, as the others are.
        """
        breaker = self._breaker(provider, model, now)
        for _ in range(_TRIES):
            if not breaker.admits(now):
                break
            probing = breaker.probing(now)
            if probing is breaker or self._saved(probing, was=breaker):
                return _GO
            breaker = self._breaker(provider, model, now)
        return _out_of_order(breaker, now)

    def _takes_place(self, provider: str, job_id: JobId, now: datetime) -> bool:
        limit = self._limits.get(provider)
        return limit is None or self._places.take(provider, job_id, limit=limit, now=now)

    def _full(self, provider: str, now: datetime) -> Verdict:
        limit = self._limits[provider]
        jobs = "1 job is" if limit == 1 else f"{limit} jobs are"
        why = f"{jobs} in flight at {provider}, the most this deployment allows"
        return Verdict(wait_until=now + SHORT_WAIT, why=why)

    def _in_flight(self, provider: str, now: datetime) -> int:
        taken = self._places.taken(provider)
        return len(taken) - len(overstayed(taken, now))


def _out_of_order(breaker: Breaker, now: datetime) -> Verdict:
    """Behind the pause, or behind the one call that tries whether the outage is over."""
    why = f"{breaker.provider} is out of order{_since(breaker.opened_at or now, now)}"
    if breaker.reason:
        why += f": {breaker.reason.message}"
    if breaker.retry_at and now < breaker.retry_at:
        return Verdict(wait_until=breaker.retry_at, why=why)
    trial_ends = breaker.probed_until(now) or now + SHORT_WAIT
    why += "; another job is trying whether it works again"
    return Verdict(wait_until=min(trial_ends, now + SHORT_WAIT), why=why)


def _since(at: datetime, now: datetime) -> str:
    return (
        f" since {at:%H:%M} UTC" if at.date() == now.date() else f" since {at:%Y-%m-%d %H:%M} UTC"
    )
