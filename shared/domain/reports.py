"""What a provider says about its tasks, and what follows for the submission."""

from collections.abc import Collection, Iterator, Sequence
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
    if any(r.state is TaskState.PENDING for r in reports):
        return without_news(submission, at)
    if not_stored and not _is_hopeless(submission, not_stored, at):
        return submission.not_stored(next(iter(not_stored)))
    faults = [*(r.fault for r in reports if r.fault), *not_stored]
    made = sum(len(r.result_urls) for r in reports)
    if made < submission.images_asked and not faults:
        faults.append(_too_few(made, submission.images_asked))
    return submission.settled(faults=tuple(faults), charged=_charged(reports, offer), at=at)


def without_news(submission: Submission, at: datetime) -> Submission:
    """Return the submission after more waiting: given up at its deadline, closed when past hope."""
    deadline = _deadline(submission)
    if submission.is_past_hope(at):
        faults = submission.faults or (_silence(submission),)
        return submission.settled(faults=faults, charged=None, at=at)
    if deadline and at >= deadline:
        return submission.abandoned(_silence(submission))
    return submission


def next_look(job: Job, now: datetime) -> datetime:
    """Return when to look at a job again: soon while it is young, and at each deadline."""
    sent = [s.sent_at for s in job.followed if s.sent_at]
    age = now - job.since
    regular = now + max(_SHORTEST_PAUSE, age / _SHARE_OF_AGE)
    deadlines = [_deadline(s) for s in job.followed]
    ends = [at + LATE_PATIENCE for at in sent]
    return min([regular, *(d for d in (*deadlines, *ends) if d and d > now)])


def _deadline(submission: Submission) -> datetime | None:
    """Return until when the job waits for it."""
    if submission.given_up or submission.sent_at is None:
        return None
    is_unanswered = submission.state in UNANSWERED
    return submission.sent_at + (UNKNOWN_FATE_PATIENCE if is_unanswered else ATTEMPT_PATIENCE)


def _is_hopeless(submission: Submission, faults: Collection[Fault], at: datetime) -> bool:
    if all(fault.code is ErrorCode.NOT_AN_IMAGE for fault in faults):
        return submission.store_tries + 1 >= _TRIES_FOR_WRONG_BYTES
    return submission.sent_at is not None and at >= submission.sent_at + LINK_PATIENCE


def _charged(reports: Sequence[TaskReport], offer: Offer) -> Decimal | None:
    """Add up what was charged: told by the provider, else by price and images made."""
    total = Decimal(0)
    for report in reports:
        charged = report.charged_usd
        if charged is None:
            charged = offer.estimate(len(report.result_urls))
        if charged is None:
            return None
        total += charged
    return total


def _silence(submission: Submission) -> Fault:
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
