"""Start a batch from a file that was dropped under `batches/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.batch import USUAL_IN_FLIGHT, Batch
from shared.domain.edits import Drop, reference_to
from shared.domain.errors import FieldError, InvalidRequest
from shared.ports.intake import DropFolder, Dropped
from shared.usecases.refuse_intake import Refusal, RefuseIntake
from shared.usecases.start_batch import BatchWish, StartBatch
from shared.usecases.taken import FindKey

FOLDER: Final = "batches/"
_KINDS: Final = (".jsonl", ".csv")
_MOST_IN_FLIGHT: Final = 1000
_GONE: Final = "the file was deleted before it was read, or may not be read"


def is_batch(key: str) -> bool:
    return key.startswith(FOLDER) and key.endswith(_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBatch:
    """`x-amz-meta-max-usd` and `x-amz-meta-max-in-flight` bound it."""

    start_batch: StartBatch
    folder: DropFolder
    refuse: RefuseIntake
    find_key: FindKey

    def __call__(self, drop: Drop) -> Batch | None:
        """Return the batch; None for one that was refused, with a report beside its file."""
        key, source = self.find_key(), reference_to(drop)
        found = self.folder.look(drop.key, version_id=drop.version_id)
        if found is None:
            refusal = Refusal(code="source_gone", detail=_GONE)
            self.refuse(refusal, source=source, at=drop.at, key=key)
            return None
        try:
            return self._start(drop, found, key)
        except InvalidRequest as error:
            refusal = Refusal.of(error)
        self.refuse(refusal, source=source, at=drop.at, key=key, beside=drop.key)
        return None

    def _start(self, drop: Drop, found: Dropped, key: ApiKey | None) -> Batch:
        if key is None:
            raise _refused("batches by folder are off: no API key is named for them")
        wish = BatchWish(
            key=drop.key,
            version_id=found.version_id,
            max_usd=_amount(found.metadata),
            max_in_flight=_number(found.metadata),
        )
        return self.start_batch(wish, key=key)


def _amount(metadata: Mapping[str, str]) -> Decimal | None:
    text = metadata.get("max-usd")
    try:
        amount = Decimal(text) if text else None
    except InvalidOperation:
        amount = Decimal(-1)
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise _refused(f"max-usd must be an amount in dollars, not {text!a:.40}")
    return amount


def _number(metadata: Mapping[str, str]) -> int:
    text = metadata.get("max-in-flight", str(USUAL_IN_FLIGHT))
    if text.isascii() and text.isdecimal() and 0 < int(text[:5]) <= _MOST_IN_FLIGHT:
        return int(text)
    raise _refused(f"max-in-flight must be 1 to {_MOST_IN_FLIGHT}, not {text!a:.40}")


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer="", code="batch", message=message)])
