"""How webhooks and deliveries lie in the table.

| item     | pk                | sk       | also                                               |
|----------|-------------------|----------|----------------------------------------------------|
| webhook  | webhooks#<tenant> | <id>     | version                                            |
| delivery | delivery#<id>     | delivery | tenant + job_id (index), due_* (index); expires_at |

In the index that lists a tenant's jobs a delivery stands under a name that no tenant has, with its
own id where jobs have theirs: so it lists deliveries newest first, and no index more is paid for.
"""

from datetime import timedelta
from typing import Final

from shared.adapters.dynamodb.documents import Document
from shared.adapters.dynamodb.items import SCHEMA, Item, due_attributes, plain, time_of, wire
from shared.domain.delivery import Delivery
from shared.domain.ids import DeliveryId
from shared.domain.webhook import Webhook
from shared.ports.webhooks import DueDelivery

_REMEMBERED: Final = timedelta(days=30)

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
        item["expires_at"] = int((delivery.updated_at + _REMEMBERED).timestamp())
    return wire(item)


def read_delivery(item: Item) -> Delivery:
    return _DELIVERY.read(plain(item)["document"])


def read_due_delivery(item: Item) -> DueDelivery:
    row = plain(item)
    delivery_id = DeliveryId(row["pk"].removeprefix("delivery#"))
    return DueDelivery(id=delivery_id, due_at=time_of(row["due_at"]))
