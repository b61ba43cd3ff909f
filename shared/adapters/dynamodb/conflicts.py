"""Why a conditional write was refused."""

from typing import Final

from botocore.exceptions import ClientError

# Refused because others write the same item; throttling is another matter.
_REASONS: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_REFUSALS: Final = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})


def is_conflict(exc: ClientError) -> bool:
    reasons = {reason.get("Code") for reason in exc.response.get("CancellationReasons", ())}
    return exc.response["Error"]["Code"] in _REFUSALS or not reasons.isdisjoint(_REASONS)
