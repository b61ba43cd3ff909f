"""Hand deliveries to their queue when it is their turn: retries, and what got lost on the way."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import DeliveryId
from shared.ports.webhooks import Deliveries, DeliverQueue

_AT_MOST: Final = 500
_LOOK_EVERY: Final = timedelta(seconds=2)
_HANDED_ON_LIFE: Final = timedelta(seconds=30)  # by then a message has been read, or it is lost


@dataclass(slots=True, kw_only=True)
class Rounds:
    """The watch's memory of them while it holds the lease."""

    look_at: datetime | None = None
    waits: bool = False
    handed_on: dict[tuple[DeliveryId, datetime], datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOutDeliveries:
    deliveries: Deliveries
    deliver_queue: DeliverQueue

    def is_needed(self, *, before: datetime) -> bool:
        return bool(self.deliveries.due(before=before, limit=1))

    def __call__(self, rounds: Rounds, *, now: datetime, before: datetime) -> bool:
        """Hand on whose turn it is; tell whether there is any whose turn comes soon."""
        if rounds.look_at and now < rounds.look_at:
            return rounds.waits
        rounds.look_at = now + _LOOK_EVERY
        soon = self.deliveries.due(before=before, limit=_AT_MOST)
        rounds.waits = bool(soon)
        known = {key: at for key, at in rounds.handed_on.items() if now < at + _HANDED_ON_LIFE}
        for one in soon:
            key = one.id, one.due_at
            if one.due_at <= now and key not in known:
                self.deliver_queue.send(one.id)
                known[key] = now
        rounds.handed_on = known
        return rounds.waits
