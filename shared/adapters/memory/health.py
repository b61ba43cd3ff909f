"""Breakers and places in memory, under the same rules as in the table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.domain.breaker import Breaker
from shared.domain.errors import VersionConflict
from shared.domain.events import Event, outage
from shared.domain.ids import EventId, JobId
from shared.domain.places import overstayed


class MemoryBreakers:
    """Announces among the events of the job store, where the outbox finds them."""

    def __init__(self, announced: dict[EventId, Event]) -> None:
        self._announced = announced
        self._breakers: dict[tuple[str, str], Breaker] = {}

    def all(self) -> Sequence[Breaker]:
        return list(self._breakers.values())

    def save(self, breaker: Breaker, *, was: Breaker) -> None:
        key = breaker.provider, breaker.model
        current = self._breakers.get(key)
        if (current.version if current else 0) != was.version:
            raise VersionConflict(f"{was.provider} {was.model} is not at version {was.version}")
        self._breakers[key] = breaker
        event = outage(breaker, was=was)
        if event:
            self._announced[event.id] = event


class MemoryPlaces:
    def __init__(self) -> None:
        self._taken: dict[str, dict[JobId, datetime]] = defaultdict(dict)

    def take(self, provider: str, job_id: JobId, *, limit: int, now: datetime) -> bool:
        taken = self._taken[provider]
        if job_id not in taken and len(taken) >= limit:
            for stale in overstayed(taken, now):
                del taken[stale]
            if len(taken) >= limit:
                return False
        taken[job_id] = now
        return True

    def release(self, provider: str, job_id: JobId) -> None:
        self._taken[provider].pop(job_id, None)

    def taken(self, provider: str) -> Mapping[JobId, datetime]:
        return dict(self._taken[provider])
