"""Let batches go on: whose next step is due gets one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import BatchId
from shared.ports.intake import Batches, BatchQueue

_LOOK_EVERY: Final = timedelta(seconds=2)
_HANDED_ON_LIFE: Final = timedelta(seconds=10)


@dataclass(slots=True, kw_only=True)
class BatchRounds:
    """The watch's memory of them while it holds the lease."""

    look_at: datetime | None = None
    waits: bool = False
    handed_on: dict[BatchId, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOutBatches:
    batches: Batches
    batch_queue: BatchQueue

    def is_needed(self, *, before: datetime) -> bool:
        return bool(self.batches.due(before=before))

    def __call__(self, rounds: BatchRounds, *, now: datetime, before: datetime) -> bool:
        """Hand on whose turn it is; tell whether there is any whose turn comes soon."""
        if rounds.look_at and now < rounds.look_at:
            return rounds.waits
        rounds.look_at = now + _LOOK_EVERY
        rounds.waits = self.is_needed(before=before)
        for tenant, batch_id in self.batches.due(before=now) if rounds.waits else ():
            if now >= rounds.handed_on.get(batch_id, now):
                self.batch_queue.send(tenant, batch_id)
                rounds.handed_on[batch_id] = now + _HANDED_ON_LIFE
        return rounds.waits
