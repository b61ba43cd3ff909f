"""Failover: when an attempt has surely failed, the next provider may do the job.

Only where nothing was paid, nothing may still come, and another provider may do better. Content
that one provider has refused is never shown to the next.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.domain.errors import ErrorCode, Fault
from shared.domain.submission import Submission, SubmissionState

# A provider that cannot be reached, or wants to be asked later, is left after so many tries.
PATIENT_TRIES: Final = 3

_ANOTHER_MAY_DO_BETTER: Final = frozenset(
    {
        ErrorCode.PROVIDER_REJECTED,
        ErrorCode.PROVIDER_CREDITS,
        ErrorCode.PROVIDER_AUTH,
        ErrorCode.PROVIDER_RATE_LIMIT,
        ErrorCode.PROVIDER_UNAVAILABLE,
        ErrorCode.EMPTY_RESULT,
    }
)
_OVER: Final = frozenset({SubmissionState.REFUSED, SubmissionState.SETTLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One way a job can be done: at which provider, how the result is learned, for how much."""

    provider: str
    delivery: str
    sandbox: bool = False
    estimated_usd: Decimal | None = None


def leg_after(route: Sequence[Leg], provider: str) -> Leg | None:
    """Return where the job goes when this provider has failed it."""
    names = [leg.provider for leg in route]
    rest = route[names.index(provider) + 1 :] if provider in names else ()
    return rest[0] if rest else None


def has_surely_failed(submissions: Collection[Submission]) -> bool:
    """Tell whether an attempt brought nothing, costs nothing, and another may do better."""
    faults = [fault for one in submissions for fault in one.faults]
    return (
        bool(faults)
        and all(one.state in _OVER and not one.charged_usd for one in submissions)
        and all(fault.code in _ANOTHER_MAY_DO_BETTER for fault in faults)
    )


def because(faults: Collection[Fault], *, failed: str, following: Leg) -> str:
    """Return the decision in words."""
    why = next((fault.message for fault in faults), "no image came")
    return f"{following.provider} by {following.delivery}: {failed} failed it ({why})"
