"""Callers' endpoints, and what is delivered to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.delivery import Delivery
from shared.domain.ids import DeliveryId, JobId, WebhookId
from shared.domain.job import Job
from shared.domain.webhook import Webhook


class Webhooks(Protocol):
    """Registered endpoints, and the events that tell that one was given up: all or nothing."""

    def add(self, webhook: Webhook) -> None: ...

    def get(self, tenant: str, webhook_id: WebhookId) -> Webhook:
        """Raises WebhookNotFound, also for another tenant's."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[Webhook]:
        """Return all of a tenant's, the oldest first."""
        ...

    def save(self, webhook: Webhook, *, was: Webhook) -> None:
        """Write `webhook` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def remove(self, webhook: Webhook) -> None:
        """Raises VersionConflict when it is no longer as given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    deliveries: tuple[Delivery, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    id: DeliveryId
    due_at: datetime


class Deliveries(Protocol):
    def add(self, delivery: Delivery) -> bool:
        """Write a planned delivery.

        False when it is there already, as it is by now, and when its job's are removed.
        """
        ...

    def remove_of(self, job: Job) -> None:
        """Remove a job's deliveries, whatever their state; a save of one fails from then on.

        None is added any more for an event of the job up to the version given.
        """
        ...

    def is_closed(self, job_id: JobId) -> bool:
        """Whether a job's deliveries have been removed, as they are when the job is deleted."""
        ...

    def get(self, delivery_id: DeliveryId) -> Delivery:
        """Return the delivery as last written. Raises DeliveryNotFound."""
        ...

    def save(self, delivery: Delivery, *, was: Delivery) -> None:
        """Write `delivery` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def newest(self, tenant: str, *, limit: int, cursor: str | None) -> DeliveryPage:
        """Return the tenant's deliveries, newest first; may lag writes a little."""
        ...

    def due(self, *, before: datetime, limit: int) -> Sequence[DueDelivery]:
        """Return those whose turn it is, the longest due first; may lag writes a little."""
        ...


class DeliverQueue(Protocol):
    """Hands a delivery to the deliver function, at least once."""

    def send(self, delivery_id: DeliveryId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of one request to a receiver; without a status no answer came."""

    milliseconds: int
    status: int | None = None
    answer: str = ""  # its beginning
    retry_after: str | None = None
    error: str | None = None  # in our words


class Courier(Protocol):
    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post once to an address that is vetted now, following nothing. Raises nothing."""
        ...
