"""Ids in paths. What cannot be an id of ours is not found, without a look into any store.

A table takes keys of 2 kB at most, so a longer text would be an error of ours instead of a 404.
"""

import re
from collections.abc import Callable
from typing import Final

from shared.domain.errors import (
    BatchNotFound,
    DeliveryNotFound,
    JobNotFound,
    KeyNotFound,
    ServiceError,
    WebhookNotFound,
)
from shared.domain.ids import BatchId, DeliveryId, JobId, KeyId, WebhookId

_SHOWN: Final = 100  # characters of a text that is no id
_ULID: Final = r"[0-9A-HJKMNP-TV-Z]{26}"


def _reader[T](
    pattern: str, kind: Callable[[str], T], not_found: type[ServiceError]
) -> Callable[[str], T]:
    form = re.compile(pattern, re.ASCII)

    def read(text: str) -> T:
        if not form.fullmatch(text):
            raise not_found(text[:_SHOWN])
        return kind(text)

    return read


# Each returns the id, and raises its kind's NotFound.
job_id_in: Final = _reader(f"job_{_ULID}", JobId, JobNotFound)
batch_id_in: Final = _reader("batch_[0-9a-f]{26}", BatchId, BatchNotFound)
webhook_id_in: Final = _reader(f"wh_{_ULID}", WebhookId, WebhookNotFound)
delivery_id_in: Final = _reader(f"dlv_{_ULID}", DeliveryId, DeliveryNotFound)
key_id_in: Final = _reader("[0-9a-z]{16}", KeyId, KeyNotFound)
