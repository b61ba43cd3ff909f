"""What is told: to other functions, and to the event bus."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.config import (
    CollectQueueSettings,
    DeliverQueueSettings,
    DispatchQueueSettings,
    EventSettings,
    IntakeQueueSettings,
    PreviewQueueSettings,
    WatchSettings,
)
from shared.world.runtime import Runtime

if TYPE_CHECKING:  # the names of what is made
    from shared.ports.intake import BatchQueue, IntakeQueue
    from shared.ports.media import PreviewQueue
    from shared.ports.messages import EventBus, Queue, Wake
    from shared.ports.webhooks import DeliverQueue


class Messages(Runtime):
    @cached_property
    def collect_queue(self) -> Queue:
        from shared.adapters.sqs import SqsQueue

        url = CollectQueueSettings.from_env(self._environ).collect_queue_url
        return SqsQueue(self._aws("sqs"), url=url)

    @cached_property
    def dispatch_queue(self) -> Queue:
        from shared.adapters.sqs import SqsQueue

        url = DispatchQueueSettings.from_env(self._environ).dispatch_queue_url
        return SqsQueue(self._aws("sqs"), url=url)

    @cached_property
    def deliver_queue(self) -> DeliverQueue:
        from shared.adapters.sqs import SqsDeliverQueue

        url = DeliverQueueSettings.from_env(self._environ).deliver_queue_url
        return SqsDeliverQueue(self._aws("sqs"), url=url)

    @cached_property
    def preview_queue(self) -> PreviewQueue:
        from shared.adapters.sqs import SqsPreviewQueue

        url = PreviewQueueSettings.from_env(self._environ).preview_queue_url
        return SqsPreviewQueue(self._aws("sqs"), url=url)

    @cached_property
    def intake_queue(self) -> IntakeQueue:
        from shared.adapters.sqs import SqsIntakeQueue

        url = IntakeQueueSettings.from_env(self._environ).intake_queue_url
        return SqsIntakeQueue(self._aws("sqs"), url=url)

    @cached_property
    def batch_queue(self) -> BatchQueue:
        from shared.adapters.sqs import SqsBatchQueue

        url = IntakeQueueSettings.from_env(self._environ).intake_queue_url
        return SqsBatchQueue(self._aws("sqs"), url=url)

    @cached_property
    def wake_watch(self) -> Wake:
        from shared.adapters.sqs import LambdaWake

        function = WatchSettings.from_env(self._environ).watch_function
        return LambdaWake(self._aws("lambda"), function=function)

    @cached_property
    def event_bus(self) -> EventBus:
        from shared.adapters.eventbridge import EventBridgeBus

        return EventBridgeBus(
            self._aws("events"), bus=EventSettings.from_env(self._environ).event_bus
        )
