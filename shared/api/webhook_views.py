"""Webhooks and deliveries as their owner sees them: secrets only where they are made."""

from typing import Any

from shared.domain.delivery import Delivery, Try
from shared.domain.public import timestamp
from shared.domain.webhook import Webhook


def webhook_view(webhook: Webhook, *, with_secret: bool = False) -> dict[str, Any]:
    view = {
        "id": webhook.id,
        "object": "webhook",
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "disabled_because": webhook.disabled_because,
        "failing_since": timestamp(webhook.failing_since),
        "warnings": webhook.warnings,
        "created_at": timestamp(webhook.created_at),
        "updated_at": timestamp(webhook.updated_at),
    }
    return view | ({"secret": webhook.secrets[0].text} if with_secret else {})


def delivery_view(delivery: Delivery, *, with_body: bool = False) -> dict[str, Any]:
    """Return the log of a delivery; the body is for who looks at one."""
    view = {
        "id": delivery.id,
        "object": "delivery",
        "status": delivery.status,
        "event": delivery.message_id,
        "type": delivery.event_type,
        "job": delivery.job_id,
        "webhook": delivery.webhook_id,
        "url": delivery.url,
        "tries": [_try_view(one) for one in delivery.tries],
        "next_try_at": timestamp(delivery.due_at),
        "created_at": timestamp(delivery.created_at),
        "updated_at": timestamp(delivery.updated_at),
    }
    return view | ({"body": delivery.body} if with_body else {})


def _try_view(one: Try) -> dict[str, Any]:
    return {
        "at": timestamp(one.at),
        "milliseconds": one.milliseconds,
        "status": one.status,
        "answer": one.answer,
        "error": one.error,
    }
