"""A submission: one paid POST to a provider, written down before it is sent."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Self

from shared.domain.errors import Fault
from shared.domain.ids import TaskId


class SubmissionState(StrEnum):
    PLANNED = "planned"  # not sent, surely: may go out
    SENDING = "sending"  # claimed; after a crash nobody knows whether it went out
    ACCEPTED = "accepted"  # the provider gave task ids
    UNKNOWN = "unknown"  # may have been accepted; never sent again
    REFUSED = "refused"  # surely not accepted
    SETTLED = "settled"  # every image is stored or known to be missing


OPEN_STATES = frozenset(
    {
        SubmissionState.PLANNED,
        SubmissionState.SENDING,
        SubmissionState.ACCEPTED,
        SubmissionState.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    attempt: int
    number: int
    first_index: int
    images_asked: int
    state: SubmissionState = SubmissionState.PLANNED
    task_ids: tuple[TaskId, ...] = ()
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    store_tries: int = 0
    charged_usd: Decimal | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def sending(self, at: datetime) -> Self:
        return replace(self, state=SubmissionState.SENDING, sent_at=at, faults=())

    def accepted(self, task_ids: tuple[TaskId, ...]) -> Self:
        return replace(self, state=SubmissionState.ACCEPTED, task_ids=task_ids, faults=())

    def not_sent(self, fault: Fault) -> Self:
        return replace(self, state=SubmissionState.PLANNED, sent_at=None, faults=(fault,))

    def unknown(self, fault: Fault) -> Self:
        return replace(self, state=SubmissionState.UNKNOWN, faults=(fault,))

    def refused(self, fault: Fault, at: datetime) -> Self:
        state = SubmissionState.REFUSED
        return replace(self, state=state, faults=(fault,), settled_at=at, charged_usd=Decimal(0))

    def not_stored(self, fault: Fault) -> Self:
        return replace(self, store_tries=self.store_tries + 1, faults=(fault,))

    def settled(self, *, faults: tuple[Fault, ...], charged: Decimal | None, at: datetime) -> Self:
        state = SubmissionState.SETTLED
        return replace(self, state=state, faults=faults, charged_usd=charged, settled_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job at one provider. What became of it stands in its submissions."""

    number: int
    provider: str
    delivery: str
    started_at: datetime
    decision: str | None = None


def split(images: int, *, per_submission: int, attempt: int) -> tuple[Submission, ...]:
    """Spread the images of an attempt over as few submissions as the provider takes."""
    starts = range(0, images, per_submission)
    return tuple(
        Submission(
            attempt=attempt,
            number=number,
            first_index=start,
            images_asked=min(per_submission, images - start),
        )
        for number, start in enumerate(starts, start=1)
    )
