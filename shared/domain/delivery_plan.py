"""Which deliveries an event calls for. The same event calls for the same ones, however often."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from shared.domain.delivery import Delivery
from shared.domain.events import Event
from shared.domain.ids import DeliveryId, JobId, ulid
from shared.domain.webhook import Webhook

_JOB: Final = "job"


def plan(event: Event, webhooks: Iterable[Webhook], *, at: datetime) -> Iterator[Delivery]:
    """Yield one delivery for each receiver.

    For a disabled endpoint it is given up from the start: so it can be recovered later.
    """
    for webhook in webhooks:
        if webhook.wants(event.type):
            named = replace(
                _delivery(event, webhook.id, url=webhook.url, at=at), webhook_id=webhook.id
            )
            yield named if webhook.enabled else named.given_up(None, at)
    if event.webhook:
        own = _delivery(event, _JOB, url=event.webhook.url, at=at)
        yield replace(own, key_id=event.webhook.key_id)


def delivery_id(event: Event, receiver: str) -> DeliveryId:
    """Name a delivery so that nobody plans it twice, and that names sort by time."""
    digest = sha256(f"{event.id}:{receiver}".encode()).digest()
    return DeliveryId(f"dlv_{ulid(event.created_at, digest)}")


def _delivery(event: Event, receiver: str, *, url: str, at: datetime) -> Delivery:
    kind, _, subject_id = event.subject.partition("#")
    return Delivery(
        id=delivery_id(event, receiver),
        tenant=event.tenant,
        job_id=JobId(subject_id) if kind == "job" else None,
        url=url,
        message_id=event.id,
        event_type=event.type,
        body=event.detail,
        due_at=at,
        created_at=event.created_at,
        updated_at=at,
    )
