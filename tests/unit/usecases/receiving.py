"""Endpoints, and how a test lets events reach them and time pass."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.adapters.memory.webhooks import Posted
from shared.domain.delivery import Delivery
from shared.domain.webhook import Webhook
from shared.ports.webhooks import Reply
from shared.usecases.deliver_webhook import Outcome
from shared.usecases.webhooks import Registration
from tests.memory_service import MemoryService

URL = "https://shop.example/hook"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def an_endpoint(service: MemoryService, url: str = URL, **fields: object) -> Webhook:
    wanted = Registration(url=url, **fields)  # type: ignore[arg-type]  # by name
    return service.manage_webhooks.create("default", wanted)


def current(service: MemoryService, webhook: Webhook) -> Webhook:
    return service.webhooks.get(webhook.tenant, webhook.id)


def publish(service: MemoryService) -> None:
    service.publish_events(list(service.store.announced.values()))


def deliver(service: MemoryService) -> list[Outcome]:
    """Let the deliver function work until its queue is empty."""
    told = []
    while service.to_deliver.messages:
        told.append(service.deliver_webhook(service.to_deliver.messages.popleft()))
    return told


def pass_time(service: MemoryService, span: timedelta) -> None:
    """Let the watch look whenever something is due, and the deliver function follow it."""
    end = service.clock.now() + span
    while (at := next_due(service)) and at <= end:
        move_to(service, max(at, service.clock.now()))
        for one in service.deliveries.due(before=service.clock.now(), limit=500):
            service.deliver_queue.send(one.id)
        deliver(service)
    move_to(service, end)


def move_to(service: MemoryService, at: datetime) -> None:
    service.time.sleep((at - service.clock.now()).total_seconds())


def next_due(service: MemoryService) -> datetime | None:
    return min((one.due_at for one in service.log.rows.values() if one.due_at), default=None)


def deliveries(service: MemoryService) -> list[Delivery]:
    return sorted(service.log.rows.values(), key=lambda one: one.id)


def down_until(service: MemoryService, at: datetime) -> Callable[[Posted], Reply]:
    return lambda _: Reply(milliseconds=9, status=200 if service.clock.now() >= at else 503)


def always(**reply: object) -> Callable[[Posted], Reply]:
    return lambda _: Reply(milliseconds=9, **reply)  # type: ignore[arg-type]  # by name


def types(posted: list[Posted]) -> list[str]:
    return [json.loads(one.body)["type"] for one in posted]


def watch(service: MemoryService) -> int:
    until = service.clock.now() + 14 * MINUTE
    return service.watch_jobs(owner="watch", until=until)


def failed_for_good(service: MemoryService, jobs: int = 1) -> list[Delivery]:
    service.receivers.answers[URL] = always(status=500)
    for _ in range(jobs):
        service.admit()
    publish(service)
    deliver(service)
    pass_time(service, 4 * DAY)
    return deliveries(service)
