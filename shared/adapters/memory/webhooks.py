"""Webhooks and deliveries in memory, under the same rules as in the table."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.delivery import Delivery
from shared.domain.errors import (
    DeliveryNotFound,
    FieldError,
    InvalidRequest,
    VersionConflict,
    WebhookNotFound,
)
from shared.domain.events import Event, farewell
from shared.domain.ids import DeliveryId, EventId, JobId, WebhookId
from shared.domain.job import Job
from shared.domain.webhook import Webhook
from shared.ports.webhooks import DeliveryPage, DueDelivery, Reply


class MemoryWebhooks:
    """Announces among the events of the job store, where the outbox finds them."""

    def __init__(self, announced: dict[EventId, Event]) -> None:
        self._announced = announced
        self._webhooks: dict[WebhookId, Webhook] = {}

    def add(self, webhook: Webhook) -> None:
        if webhook.id in self._webhooks:
            raise VersionConflict(f"{webhook.id} exists")
        self._webhooks[webhook.id] = webhook

    def get(self, tenant: str, webhook_id: WebhookId) -> Webhook:
        webhook = self._webhooks.get(webhook_id)
        if webhook is None or webhook.tenant != tenant:
            raise WebhookNotFound(webhook_id)
        return webhook

    def of_tenant(self, tenant: str) -> Sequence[Webhook]:
        mine = (one for one in self._webhooks.values() if one.tenant == tenant)
        return sorted(mine, key=lambda webhook: webhook.id)

    def save(self, webhook: Webhook, *, was: Webhook) -> None:
        self._check(was)
        self._webhooks[webhook.id] = webhook
        event = farewell(webhook, was=was)
        if event:
            self._announced[event.id] = event

    def remove(self, webhook: Webhook) -> None:
        self._check(webhook)
        del self._webhooks[webhook.id]

    def _check(self, was: Webhook) -> None:
        current = self._webhooks.get(was.id)
        if current is None or current.version != was.version:
            raise VersionConflict(f"{was.id} is not at version {was.version}")


class MemoryDeliveries:
    def __init__(self) -> None:
        self.rows: dict[DeliveryId, Delivery] = {}
        self._closed: dict[JobId, int] = {}  # up to which version

    def add(self, delivery: Delivery) -> bool:
        if delivery.id in self.rows or self._is_closed(delivery):
            return False
        self.rows[delivery.id] = delivery
        return True

    def get(self, delivery_id: DeliveryId) -> Delivery:
        if delivery_id not in self.rows:
            raise DeliveryNotFound(delivery_id)
        return self.rows[delivery_id]

    def save(self, delivery: Delivery, *, was: Delivery) -> None:
        current = self.rows.get(was.id)
        if current is None or current.version != was.version:
            raise VersionConflict(f"{was.id} is not at version {was.version}")
        self.rows[delivery.id] = delivery

    def remove_of(self, job: Job) -> None:
        self._closed[job.id] = job.version
        for one in [one for one in self.rows.values() if one.job_id == job.id]:
            del self.rows[one.id]

    def is_closed(self, job_id: JobId) -> bool:
        return job_id in self._closed

    def _is_closed(self, delivery: Delivery) -> bool:
        if delivery.job_id not in self._closed:
            return False
        return int(delivery.message_id.rpartition("_")[2]) <= self._closed[delivery.job_id]

    def newest(self, tenant: str, *, limit: int, cursor: str | None) -> DeliveryPage:
        if cursor is not None and not cursor.startswith("after:"):
            error = FieldError(pointer="?cursor", code="invalid", message="is no cursor")
            raise InvalidRequest([error])
        last = (cursor or "").removeprefix("after:")
        mine = (one for one in self.rows.values() if one.tenant == tenant)
        rest = sorted((d for d in mine if not last or d.id < last), key=lambda d: d.id)[::-1]
        page = tuple(rest[:limit])
        more = f"after:{page[-1].id}" if len(rest) > limit else None
        return DeliveryPage(deliveries=page, cursor=more)

    def due(self, *, before: datetime, limit: int) -> Sequence[DueDelivery]:
        found = [
            DueDelivery(id=one.id, due_at=one.due_at)
            for one in self.rows.values()
            if one.due_at and one.due_at <= before
        ]
        return sorted(found, key=lambda one: one.due_at)[:limit]


class MemoryDeliverQueue:
    def __init__(self) -> None:
        self.messages: deque[DeliveryId] = deque()

    def send(self, delivery_id: DeliveryId) -> None:
        self.messages.append(delivery_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    url: str
    headers: Mapping[str, str]
    body: bytes


class MemoryCourier:
    """Keeps what was posted; each receiver answers as it was told to, else 200."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: dict[str, Callable[[Posted], Reply]] = {}

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        posted = Posted(url=url, headers=headers, body=body)
        self.posted.append(posted)
        answer = self.answers.get(url)
        return answer(posted) if answer else Reply(milliseconds=5, status=200)
