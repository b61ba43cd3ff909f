"""A submission: one paid POST to a provider, written down before it is sent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Self

from shared.domain.bounds import LONGEST_LINK, MOST_RESULTS
from shared.domain.errors import Fault
from shared.domain.ids import JobId, KeyId, TaskId
from shared.domain.status import LATE_PATIENCE, RECOVERY_PATIENCE, SYNC_PATIENCE


class SubmissionState(StrEnum):
    PLANNED = "planned"  # not sent, surely: may go out
    SENDING = "sending"  # claimed; after a crash nobody knows whether it went out
    ACCEPTED = "accepted"  # the provider gave task ids
    UNKNOWN = "unknown"  # may have been accepted; never sent again
    REFUSED = "refused"  # surely not accepted
    SETTLED = "settled"  # every image is stored or known to be missing


UNANSWERED = frozenset({SubmissionState.SENDING, SubmissionState.UNKNOWN})
_MAY_BRING_IMAGES = UNANSWERED | {SubmissionState.ACCEPTED}
_OPEN = _MAY_BRING_IMAGES | {SubmissionState.PLANNED}


def name_of(job_id: JobId, submission: "Submission") -> str:
    """Return our own name for a submission, in characters that every provider takes."""
    return f"{job_id}.{submission.attempt}.{submission.number}"


class Task(NamedTuple):
    """A provider's own name for work it has taken on."""

    provider: str
    id: TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Images that came with the answer to the request: where the provider has them."""

    urls: tuple[str, ...] = ()
    charged_usd: Decimal | None = None
    stored_inline: int = 0  # images that came as bytes beside the links, and are stored

    def bounded(self) -> Self:
        """A link that is longer is fetched by nobody, so it need not be kept whole."""
        return replace(self, urls=tuple(url[:LONGEST_LINK] for url in self.urls[:MOST_RESULTS]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    attempt: int
    number: int
    provider: str
    delivery: str
    first_position: int
    images_asked: int
    fingerprint: str = ""  # what a provider's echo of the request must match
    state: SubmissionState = SubmissionState.PLANNED
    given_up: bool = False  # the job waits no longer; what still comes is late
    task_ids: tuple[TaskId, ...] = ()
    made: Made | None = None  # what came with the answer itself, until it is stored
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    store_tries: int = 0
    unstored_since: datetime | None = None  # the first time that a finished image did not come
    charged_usd: Decimal | None = None
    untold_images: int = 0  # images whose charge is unknown beside `charged_usd`, if that is known
    faults: tuple[Fault, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the job waits for it."""
        return self.state in _OPEN and not self.given_up

    @property
    def is_planned(self) -> bool:
        """Whether it is yet to be sent."""
        return self.state is SubmissionState.PLANNED and not self.given_up

    @property
    def may_bring_images(self) -> bool:
        return self.state in _MAY_BRING_IMAGES

    @property
    def answer_patience(self) -> timedelta:
        """For how long its own answer may still be on its way."""
        return SYNC_PATIENCE if self.delivery == "sync" else RECOVERY_PATIENCE

    @property
    def charge(self) -> Decimal | None:
        """What it has cost, as far as that is known; None while nothing is."""
        return Decimal(0) if self.state is SubmissionState.PLANNED else self.charged_usd

    @property
    def untold(self) -> int:
        """How many of its images have an unknown charge."""
        return self.images_asked if self.charge is None else self.untold_images

    def is_past_hope(self, at: datetime) -> bool:
        return self.sent_at is not None and at >= self.sent_at + LATE_PATIENCE

    def bounded(self) -> Self:
        """Return it as far as it is kept: a record must not grow with what a provider says.

        There is a fault for each image that was asked for.
        """
        faults = tuple(fault.bounded() for fault in self.faults[: self.images_asked])
        made = self.made and self.made.bounded()
        if faults == self.faults and made == self.made:
            return self
        return replace(self, faults=faults, made=made)

    def sending(self, at: datetime, *, fingerprint: str) -> Self:
        state = SubmissionState.SENDING
        return replace(self, state=state, sent_at=at, fingerprint=fingerprint, faults=())

    def accepted(self, task_ids: tuple[TaskId, ...], made: Made | None = None) -> Self:
        state = SubmissionState.ACCEPTED
        return replace(self, state=state, task_ids=task_ids, made=made, faults=())

    def not_sent(self, fault: Fault) -> Self:
        return replace(self, state=SubmissionState.PLANNED, sent_at=None, faults=(fault,))

    def unknown(self, fault: Fault) -> Self:
        return replace(self, state=SubmissionState.UNKNOWN, faults=(fault,))

    def refused(self, fault: Fault, at: datetime) -> Self:
        state = SubmissionState.REFUSED
        return replace(self, state=state, faults=(fault,), settled_at=at, charged_usd=Decimal(0))

    def not_stored(self, fault: Fault, at: datetime) -> Self:
        since = self.unstored_since or at
        tries = self.store_tries + 1
        return replace(self, store_tries=tries, unstored_since=since, faults=(fault,))

    def charged(self, usd: Decimal | None, *, untold_images: int) -> Self:
        """Take in what it has cost, as far as that is known by now."""
        return replace(self, charged_usd=usd, untold_images=untold_images)

    def abandoned(self, fault: Fault) -> Self:
        """Stop waiting. Its state stays what is known, and what it brings later is kept."""
        return replace(self, given_up=True, faults=(fault,))

    def let_go(self) -> Self:
        """Stop waiting, as the whole job is tried anew; what is over stays as it is."""
        return replace(self, given_up=True) if self.is_open else self

    def settled(
        self,
        *,
        faults: tuple[Fault, ...],
        charged: Decimal | None,
        at: datetime,
        untold_images: int = 0,
    ) -> Self:
        known, state = self.charged(charged, untold_images=untold_images), SubmissionState.SETTLED
        return replace(known, state=state, made=None, faults=faults, settled_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job at one provider. What became of it stands in its submissions."""

    number: int
    provider: str
    delivery: str
    started_at: datetime
    decision: str | None = None
    key_id: KeyId | None = None  # that it runs under; None: the one the job was admitted under


def split(images: int, *, per_submission: int, attempt: Attempt) -> tuple[Submission, ...]:
    """Spread the images of an attempt over as few submissions as the provider takes."""
    starts = range(0, images, per_submission)
    return tuple(
        Submission(
            attempt=attempt.number,
            number=number,
            provider=attempt.provider,
            delivery=attempt.delivery,
            first_position=start,
            images_asked=min(per_submission, images - start),
        )
        for number, start in enumerate(starts, start=1)
    )
