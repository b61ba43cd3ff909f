"""Who may go on when not all may: leases, and breakers and places at a provider."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.breaker import Breaker
from shared.domain.ids import JobId


class Leases(Protocol):
    """At most one holder of a name at a time, unless it stops renewing."""

    def acquire(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        """Take or renew the lease; False when someone else holds it."""
        ...

    def release(self, name: str, *, owner: str) -> None: ...


class Breakers(Protocol):
    """Breakers, and the events that tell where an outage begins and ends: all or nothing."""

    def all(self) -> Sequence[Breaker]:
        """Return all that were ever written, as last written."""
        ...

    def save(self, breaker: Breaker, *, was: Breaker) -> None:
        """Write `breaker` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...


class Places(Protocol):
    """How many jobs may be in flight at a provider: each of them has a place there.

    A place that nobody gives back is free again after PLACE_LIFE.
    """

    def take(self, provider: str, job_id: JobId, *, limit: int, now: datetime) -> bool:
        """Take a place, or keep the one the job has for another PLACE_LIFE; False if all are taken.

        A job that has a place keeps it also when the limit is lower by now.
        """
        ...

    def release(self, provider: str, job_id: JobId) -> None:
        """Give a place back; a job without one changes nothing."""
        ...

    def taken(self, provider: str) -> Mapping[JobId, datetime]:
        """Return who has a place, and since when; those that overstayed are there until needed."""
        ...
