"""Identifiers. Time and randomness come from outside, so that ids can be replayed."""

from datetime import datetime
from typing import Final, NewType

JobId = NewType("JobId", str)
TaskId = NewType("TaskId", str)
KeyId = NewType("KeyId", str)
EventId = NewType("EventId", str)
BatchId = NewType("BatchId", str)
WebhookId = NewType("WebhookId", str)
DeliveryId = NewType("DeliveryId", str)

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS: Final = 80
_LENGTH: Final = 26


def ulid(at: datetime, randomness: bytes) -> str:
    """Return a ULID: 48 bits of milliseconds, then 80 random bits; sorts by time as text."""
    value = int(at.timestamp() * 1000) << _RANDOM_BITS | int.from_bytes(randomness[:10])
    return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(_LENGTH)))
