"""When AWS itself does not serve: not the caller's fault, no fault of ours, and soon over."""

from typing import Final

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  botocore's

from shared.domain.errors import Unavailable

_SERVER_ERROR: Final = 500
# What services say when they are asked too much; of a transaction each part has a word of its own.
_TOO_MUCH: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


def outage_of(error: Exception) -> Unavailable | None:
    """Return what to tell the caller of an AWS call that was tried often enough, if it is that."""
    if not _is_outage(error):
        return None
    message = (
        "a service of AWS that this stands on does not answer at this moment; whether the request "
        "was carried out is not known, and one with an Idempotency-Key can be sent again as it is"
    )
    return Unavailable(message, retry_after_seconds=2)


def _is_outage(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return isinstance(error, ConnectionError | HTTPClientError)
    reasons = error.response.get("CancellationReasons", ())
    codes = {error.response["Error"].get("Code"), *(reason.get("Code") for reason in reasons)}
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERROR or not codes.isdisjoint(_TOO_MUCH)
