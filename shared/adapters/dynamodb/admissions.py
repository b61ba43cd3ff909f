"""What an idempotency key stands for, in DynamoDB: written with the job or batch that it made."""

from datetime import datetime
from typing import Any

from shared.adapters.dynamodb.items import Item, plain, wire
from shared.domain.errors import AlreadyAdmitted
from shared.ports.jobs import Admission


def admission_put(admission: Admission, *, owner: str, now: datetime) -> dict[str, Any]:
    """Return the write of a row. It is refused while the key stands for another answer."""
    # The table forgets when it likes, so the time is compared as well.
    condition = "attribute_not_exists(pk) OR expires_at <= :now"
    return {
        "Item": admission_item(admission, owner),
        "ConditionExpression": condition,
        "ExpressionAttributeValues": wire({":now": int(now.timestamp())}),
    }


def admission_item(admission: Admission, owner: str) -> Item:
    return wire(
        admission_key(admission.idempotency.key)
        | {
            "job_id": owner,
            "fingerprint": admission.idempotency.fingerprint,
            "answer": admission.answer,
            "expires_at": int(admission.expires_at.timestamp()),
        }
    )


def read_admission(item: Item, now: datetime) -> AlreadyAdmitted | None:
    """Return what was answered under a key; None once it has expired: rows may outlive that."""
    row = plain(item)
    if row["expires_at"] <= int(now.timestamp()):
        return None
    return AlreadyAdmitted(fingerprint=row["fingerprint"], answer=row.get("answer"))


def admission_key(key: str) -> dict[str, str]:
    return {"pk": f"admission#{key}", "sk": "admission"}
