"""What a provider says about its tasks, and what follows for the submission."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from shared.domain.bounds import MOST_RESULTS
from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.offers import Offer
from shared.domain.status import (
    ATTEMPT_PATIENCE,
    FETCH_PATIENCE,
    LATE_PATIENCE,
    LINK_PATIENCE,
    UNKNOWN_FATE_PATIENCE,
)
from shared.domain.submission import UNANSWERED, Made, Submission

_TRIES_FOR_WRONG_BYTES: Final = 4
_SHORTEST_PAUSE: Final = timedelta(seconds=30)
# A submission is looked at again after a share of its age: what takes long may take longer.
_SHARE_OF_AGE: Final = 4


class TaskState(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport:
    """What a provider says about one of its tasks, asked with our key."""

    task_id: TaskId
    state: TaskState
    result_urls: tuple[str, ...] = ()
    fault: Fault | None = None
    charged_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One finished image: which of the attempt's images it is, and where the provider has it."""

    position: int
    url: str


def report_of(made: Made) -> TaskReport:
    """Return what came with the answer itself as if the provider had been asked later."""
    return TaskReport(
        task_id=TaskId(""),
        state=TaskState.SUCCEEDED,
        result_urls=made.urls,
        charged_usd=made.charged_usd,
    )


def results(submission: Submission, reports: Sequence[TaskReport]) -> Iterator[Result]:
    """Give every finished image its place: by task where a task is one image, else by order."""
    images_per_task = max(1, submission.images_asked // max(1, len(reports)))
    for number, report in enumerate(reports):
        first = submission.first_position + number * images_per_task
        for position, url in enumerate(report.result_urls, start=first):
            if position < MOST_RESULTS:
                yield Result(position=position, url=url)


def conclude(
    submission: Submission,
    reports: Sequence[TaskReport],
    *,
    offer: Offer,
    not_stored: Collection[Fault],
    at: datetime,
) -> Submission:
    """Return the submission with what is now known; still open while something may yet come."""
    charged, untold = _charged(submission, reports, offer)
    if any(r.state is TaskState.PENDING for r in reports):
        waited = without_news(submission, at)
        return waited.charged(charged, untold_images=untold) if waited.given_up else waited
    if not_stored and not _is_hopeless(submission, not_stored, at):
        known = submission.charged(charged, untold_images=untold)
        return _still_gone(known, not_stored, at)
    faults = [*(r.fault for r in reports if r.fault), *not_stored]
    made = sum(len(r.result_urls) for r in reports)
    made += submission.made.stored_inline if submission.made else 0
    if made < submission.images_asked and not faults:
        faults.append(_too_few(made, submission.images_asked))
    return submission.settled(faults=tuple(faults), charged=charged, untold_images=untold, at=at)


def without_news(submission: Submission, at: datetime) -> Submission:
    """Return the submission after more waiting: given up at its deadline, closed when past hope."""
    deadline = _deadline(submission)
    if submission.is_past_hope(at):
        return submission.settled(
            faults=submission.faults or (_silence(submission),),
            charged=submission.charged_usd,
            untold_images=submission.untold_images,
            at=at,
        )
    if deadline and at >= deadline:
        return submission.abandoned(_silence(submission))
    return submission


def next_look(job: Job, now: datetime, *, updates: Iterable[Submission] = ()) -> datetime:
    """Return when to look at a job again: soon while it is young, and at each deadline.

    `updates` are what its submissions become with this look.
    """
    new = {(s.attempt, s.number): s for s in updates}
    followed = [new.get((s.attempt, s.number), s) for s in job.followed]
    followed = [s for s in followed if s.may_bring_images]
    is_fetching = any(s.unstored_since and not s.given_up for s in followed)
    age = timedelta(0) if is_fetching else now - job.since
    regular = now + max(_SHORTEST_PAUSE, age / _SHARE_OF_AGE)
    deadlines = [end for s in followed for end in (_deadline(s), _end(s)) if end and end > now]
    return min([regular, *deadlines])


def _deadline(submission: Submission) -> datetime | None:
    """Return until when the job waits for it."""
    if submission.given_up or submission.sent_at is None:
        return None
    if submission.unstored_since:
        return submission.unstored_since + FETCH_PATIENCE
    is_unanswered = submission.state in UNANSWERED
    return submission.sent_at + (UNKNOWN_FATE_PATIENCE if is_unanswered else ATTEMPT_PATIENCE)


def _end(submission: Submission) -> datetime | None:
    """Return until when it is followed at all."""
    if submission.unstored_since:
        return submission.unstored_since + LINK_PATIENCE
    return submission.sent_at and submission.sent_at + LATE_PATIENCE


def _still_gone(submission: Submission, faults: Collection[Fault], at: datetime) -> Submission:
    """Keep looking for images that did not come; the job waits for them a short while only."""
    gone = sorted(faults, key=lambda fault: fault.code is not ErrorCode.RESULT_GONE)
    tried = submission.not_stored(gone[0], at)
    deadline = _deadline(tried)
    return tried.abandoned(gone[0]) if deadline and at >= deadline else tried


def _is_hopeless(submission: Submission, faults: Collection[Fault], at: datetime) -> bool:
    if all(fault.code is ErrorCode.NOT_AN_IMAGE for fault in faults):
        return submission.store_tries + 1 >= _TRIES_FOR_WRONG_BYTES
    since = submission.unstored_since
    return since is not None and at >= since + LINK_PATIENCE


def _charged(
    submission: Submission, reports: Sequence[TaskReport], offer: Offer
) -> tuple[Decimal | None, int]:
    """Add up what was charged; return it with the number of images of which nobody knows.

    Told by the provider, else by price and images made. What a task costs that made none is what
    the provider tells, or its page: nobody else knows.
    """
    images_per_task = max(1, submission.images_asked // max(1, len(reports)))
    charges = [_charge(report, offer) for report in reports]
    known = [charge for charge in charges if charge is not None]
    if not known:
        return None, 0
    return sum(known, Decimal(0)), images_per_task * (len(charges) - len(known))


def _charge(report: TaskReport, offer: Offer) -> Decimal | None:
    if report.charged_usd is None and report.result_urls:
        return offer.estimate(len(report.result_urls))
    return report.charged_usd


def _silence(submission: Submission) -> Fault:
    if submission.unstored_since and submission.faults:
        return submission.faults[0]
    if submission.state in UNANSWERED:
        return Fault(
            code=ErrorCode.AMBIGUOUS_SUBMIT,
            message="the provider may have accepted the request and may still charge it; "
            "it was not sent again",
        )
    return Fault(
        code=ErrorCode.PROVIDER_TIMEOUT,
        message="the provider accepted the task and did not finish it in 30 minutes",
    )


def _too_few(made: int, asked: int) -> Fault:
    return Fault(code=ErrorCode.EMPTY_RESULT, message=f"the provider made {made} of {asked} images")
