"""Writes of one or several items: all or nothing, and what it means when there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from botocore.exceptions import ClientError

from shared.ports.runtime import Clock, RandomBytes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES: Final = 6
_FIRST_PAUSE: Final = 0.05  # seconds
_FAILED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
# A row that many write at once may be too hot for a moment.
_CONTENTION: Final = frozenset({_CONFLICT, "ThrottlingError", "ProvisionedThroughputExceeded"})


class Contended(Exception):
    """Others write the same rows at this moment: nothing is wrong, try again."""


class Write(NamedTuple):
    """One item of a transaction, and what it means when its condition fails.

    `is_shared`: other jobs write this row as well, so that a conflict there means nothing.
    """

    request: dict[str, Any]
    refusal: Exception
    action: Literal["Put", "Update", "Delete", "ConditionCheck"] = "Put"
    is_shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Waits longer each time, and never as long as the neighbour does."""

    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, tries: int) -> None:
        share = int.from_bytes(self.random_bytes(2)) / 2**16
        self.clock.sleep(share * _FIRST_PAUSE * 2**tries)


def at_once(tries: int) -> None:
    """Do not wait: for callers that have nobody to wait for."""


def transact(client: "DynamoDBClient", writes: Sequence[Write], *, table: str) -> None:
    """Raises what the first refused write means, or Contended; what else fails goes on as it is."""
    requests = [{write.action: {"TableName": table, **write.request}} for write in writes]
    try:
        if len(writes) == 1 and "Put" in requests[0]:
            client.put_item(**requests[0]["Put"])
        else:
            items: list[Any] = requests
            client.transact_write_items(TransactItems=items)
    except (
        client.exceptions.ConditionalCheckFailedException,
        client.exceptions.TransactionCanceledException,
        client.exceptions.TransactionConflictException,  # what a single write is told
    ) as exc:
        refused = _refused(exc, writes)
        if refused is None:
            raise
        raise refused from exc


def _refused(exc: ClientError, writes: Sequence[Write]) -> Exception | None:
    """Return what the first condition that failed means, or None when none did."""
    reasons = exc.response.get("CancellationReasons")
    if reasons is None:
        return writes[0].refusal
    codes = [(reason.get("Code"), write) for reason, write in zip(reasons, writes, strict=True)]
    for code, write in codes:
        if code == _FAILED or (code == _CONFLICT and not write.is_shared):
            return write.refusal
    if any(write.is_shared and code in _CONTENTION for code, write in codes):
        return Contended("others write the same rows")
    return None
