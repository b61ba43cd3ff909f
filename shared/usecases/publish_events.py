"""Publish announced events: at least once, always the same bytes, forgotten only when taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.events import Event
from shared.domain.metrics import of_published
from shared.ports.media import PreviewQueue
from shared.ports.messages import EventBus, Outbox
from shared.ports.runtime import Clock, Metrics
from shared.usecases.place_results import PlaceResults
from shared.usecases.plan_deliveries import PlanDeliveries

# The table's stream brings an event within seconds; after this it has been lost on the way.
_OVERDUE: Final = timedelta(seconds=90)
_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishEvents:
    outbox: Outbox
    bus: EventBus
    plan_deliveries: PlanDeliveries
    place_results: PlaceResults
    preview_queue: PreviewQueue
    metrics: Metrics
    clock: Clock

    def __call__(self, events: Sequence[Event]) -> int:
        """Publish and forget; return how many the bus did not take: they stay announced.

        What is forgotten has its deliveries written down: planning fails for all or for none.
        """
        self.place_results(events)
        taken = self.bus.publish(events)
        self.plan_deliveries(events)
        self.outbox.published([event for event in events if event.id in taken])
        self.metrics(of_published(events, self.clock.now()))
        for job_id in dict.fromkeys(event.unseen_job for event in events if event.unseen_job):
            self.preview_queue.send(job_id)
        return len(events) - len(taken)

    def again(self, now: datetime) -> None:
        """Publish what the stream did not bring."""
        events = self.outbox.unpublished(before=now - _OVERDUE, limit=_AT_MOST)
        if events:
            self(events)
