"""What is announced: events to the bus, and webhooks to their receivers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.world.messages import Messages
from shared.world.outside import Outside
from shared.world.stores import Stores

if TYPE_CHECKING:  # the names of what is returned
    from shared.usecases.deliver_webhook import DeliverWebhook
    from shared.usecases.hand_out_deliveries import HandOutDeliveries
    from shared.usecases.place_results import PlaceResults
    from shared.usecases.plan_deliveries import PlanDeliveries
    from shared.usecases.publish_events import PublishEvents
    from shared.usecases.redeliver import Redeliver
    from shared.usecases.webhooks import ManageWebhooks


class Publishing(Stores, Messages, Outside):
    @cached_property
    def publish_events(self) -> PublishEvents:
        from shared.usecases.publish_events import PublishEvents

        return PublishEvents(
            outbox=self.outbox,
            bus=self.event_bus,
            plan_deliveries=self.plan_deliveries,
            place_results=self.place_results,
            preview_queue=self.preview_queue,
            metrics=self.metrics,
            clock=self.clock,
        )

    @cached_property
    def place_results(self) -> PlaceResults:
        from shared.usecases.place_results import PlaceResults

        return PlaceResults(jobs=self.jobs, media=self.media)

    @cached_property
    def plan_deliveries(self) -> PlanDeliveries:
        from shared.usecases.plan_deliveries import PlanDeliveries

        return PlanDeliveries(
            webhooks=self.webhooks,
            deliveries=self.deliveries,
            deliver_queue=self.deliver_queue,
            clock=self.clock,
        )

    @cached_property
    def hand_out_deliveries(self) -> HandOutDeliveries:
        from shared.usecases.hand_out_deliveries import HandOutDeliveries

        return HandOutDeliveries(deliveries=self.deliveries, deliver_queue=self.deliver_queue)

    @cached_property
    def deliver_webhook(self) -> DeliverWebhook:
        from shared.usecases.deliver_webhook import DeliverWebhook
        from shared.usecases.endpoint_health import EndpointHealth
        from shared.usecases.endpoint_places import EndpointPlaces

        return DeliverWebhook(
            deliveries=self.deliveries,
            webhooks=self.webhooks,
            api_keys=self.api_keys,
            places=EndpointPlaces(
                leases=self.leases, clock=self.clock, random_bytes=self.random_bytes
            ),
            health=EndpointHealth(webhooks=self.webhooks, clock=self.clock),
            courier=self.courier,
            wake_watch=self.wake_watch,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def manage_webhooks(self) -> ManageWebhooks:
        from shared.usecases.webhooks import ManageWebhooks

        return ManageWebhooks(
            webhooks=self.webhooks,
            may_reach=self.may_reach,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def redeliver(self) -> Redeliver:
        from shared.usecases.redeliver import Redeliver

        return Redeliver(
            deliveries=self.deliveries,
            webhooks=self.webhooks,
            deliver_queue=self.deliver_queue,
            clock=self.clock,
        )
