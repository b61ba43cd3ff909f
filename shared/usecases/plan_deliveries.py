"""Plan the deliveries of published events: once each, however often they are published."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.delivery_plan import plan
from shared.domain.events import Event
from shared.ports.runtime import Clock
from shared.ports.webhooks import Deliveries, DeliverQueue, Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeliveries:
    """One read tells of a tenant's webhooks; most have none, and then nothing is written.

    A message that is lost after its delivery was written is made up for by the watch.
    """

    webhooks: Webhooks
    deliveries: Deliveries
    deliver_queue: DeliverQueue
    clock: Clock

    def __call__(self, events: Sequence[Event]) -> None:
        tenants = {event.tenant for event in events if event.tenant}
        # Read anew for each batch: who has just been told of its webhook hears the next event.
        webhooks = {tenant: self.webhooks.of_tenant(tenant) for tenant in tenants}
        now = self.clock.now()
        for event in events:
            for delivery in plan(event, webhooks.get(event.tenant, ()), at=now):
                if self.deliveries.add(delivery) and delivery.due_at:
                    self.deliver_queue.send(delivery.id)
