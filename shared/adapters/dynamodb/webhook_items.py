"""How webhooks and deliveries lie in the table.

| item     | pk                | sk       | also                                               |
|----------|-------------------|----------|----------------------------------------------------|
| webhook  | webhooks#<tenant> | <id>     | version                                            |
| delivery | delivery#<id>     | delivery | tenant + job_id (index), due_* (index); expires_at |
| its job's | deliveries#<job> | <id>     | expires_at: finds what goes with the job           |
| closed   | deliveries#<job>  | #closed  | version: none of an event up to it; expires_at     |

In the index that lists a tenant's jobs a delivery stands under a name that no tenant has, with its
own id where jobs have theirs: so it lists deliveries newest first, and no index more is paid for.
"""

from datetime import timedelta
from typing import Final

from shared.adapters.dynamodb.documents import Document
from shared.adapters.dynamodb.items import SCHEMA, Item, due_attributes, plain, time_of, wire
from shared.domain.delivery import Delivery
from shared.domain.ids import DeliveryId, JobId
from shared.domain.job import Job
from shared.domain.webhook import Webhook
from shared.ports.webhooks import DueDelivery

_REMEMBERED: Final = timedelta(days=30)
# A delivery ends then, however often it is resent. The row that lists it under its job outlives it.
_LONGEST: Final = timedelta(days=90)
_NAMED: Final = timedelta(days=100)
_CLOSED: Final = timedelta(days=7)  # the table's stream brings a job's last event within a day

_WEBHOOK: Final = Document(Webhook)
_DELIVERY: Final = Document(Delivery)


def webhooks_of(tenant: str) -> str:
    return f"webhooks#{tenant}"


def webhook_key(webhook: Webhook) -> dict[str, str]:
    return {"pk": webhooks_of(webhook.tenant), "sk": webhook.id}


def webhook_item(webhook: Webhook) -> Item:
    document = _WEBHOOK.write(webhook)
    fields = {"schema": SCHEMA, "version": webhook.version, "document": document}
    return wire(webhook_key(webhook) | fields)


def read_webhook(item: Item) -> Webhook:
    return _WEBHOOK.read(plain(item)["document"])


def deliveries_of(tenant: str) -> str:
    return f"deliveries#{tenant}"


def delivery_key(delivery_id: DeliveryId) -> dict[str, str]:
    return {"pk": f"delivery#{delivery_id}", "sk": "delivery"}


def delivery_item(delivery: Delivery) -> Item:
    item: dict[str, object] = delivery_key(delivery.id) | {
        "schema": SCHEMA,
        "tenant": deliveries_of(delivery.tenant),
        "job_id": delivery.id,
        "version": delivery.version,
        "document": _DELIVERY.write(delivery),
    }
    if delivery.due_at:
        item |= due_attributes(delivery.id, delivery.due_at, kind="deliveries")
    else:
        expires_at = min(delivery.updated_at + _REMEMBERED, delivery.created_at + _LONGEST)
        item["expires_at"] = int(expires_at.timestamp())
    return wire(item)


def closed_key(job_id: JobId) -> dict[str, str]:
    """Name the row that says that a job is being deleted; it sorts before the deliveries."""
    return {"pk": deliveries_of_job(job_id), "sk": "#closed"}


def closed_item(job: Job) -> Item:
    expires_at = int((job.updated_at + _CLOSED).timestamp())
    return wire(closed_key(job.id) | {"version": job.version, "expires_at": expires_at})


def version_of(delivery: Delivery) -> int:
    """Return the version of its job that its event tells of."""
    return int(delivery.message_id.rpartition("_")[2])


def deliveries_of_job(job_id: JobId) -> str:
    return f"deliveries#{job_id}"


def delivery_name_item(job_id: JobId, delivery: Delivery) -> Item:
    """Return the row by which a job's deliveries are found, in no index."""
    key = {"pk": deliveries_of_job(job_id), "sk": delivery.id}
    return wire(key | {"expires_at": int((delivery.created_at + _NAMED).timestamp())})


def read_delivery(item: Item) -> Delivery:
    return _DELIVERY.read(plain(item)["document"])


def read_due_delivery(item: Item) -> DueDelivery:
    row = plain(item)
    delivery_id = DeliveryId(row["pk"].removeprefix("delivery#"))
    return DueDelivery(id=delivery_id, due_at=time_of(row["due_at"]))
