"""What a provider says about its tasks, and what follows for the submission."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.submission import Submission

# A finished image is fetched again until its link's life is over (APIXO and AI/ML API: 24 h).
_LINK_LIFE: Final = timedelta(hours=24)
_TRIES_FOR_WRONG_BYTES: Final = 4


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
    """One finished image: which of the job's images it is, and where the provider has it."""

    index: int
    url: str


def results(submission: Submission, reports: Sequence[TaskReport]) -> Iterator[Result]:
    """Give every finished image its place: by task where a task is one image, else by order."""
    images_per_task = max(1, submission.images_asked // max(1, len(reports)))
    for position, report in enumerate(reports):
        first = submission.first_index + position * images_per_task
        for index, url in enumerate(report.result_urls, start=first):
            yield Result(index=index, url=url)


def conclude(  # noqa: PLR0913  # four facts about one submission, by name
    submission: Submission,
    reports: Sequence[TaskReport],
    *,
    offer: Offer,
    not_stored: Collection[Fault],
    overdue: bool,
    at: datetime,
) -> Submission:
    """Return the submission with what is now known; still open while something may yet come."""
    pending = [r for r in reports if r.state is TaskState.PENDING]
    if pending and not overdue:
        return submission
    if not_stored and not _is_hopeless(submission, not_stored, at):
        return submission.not_stored(next(iter(not_stored)))
    faults = [r.fault for r in reports if r.fault]
    faults += not_stored
    faults += [_timed_out() for _ in pending]
    made = sum(len(r.result_urls) for r in reports)
    if made < submission.images_asked and not faults:
        faults.append(_too_few(made, submission.images_asked))
    charged = None if pending else _charged(reports, offer)
    return submission.settled(faults=tuple(faults), charged=charged, at=at)


def _is_hopeless(submission: Submission, faults: Collection[Fault], at: datetime) -> bool:
    if all(fault.code is ErrorCode.NOT_AN_IMAGE for fault in faults):
        return submission.store_tries + 1 >= _TRIES_FOR_WRONG_BYTES
    return submission.sent_at is not None and at >= submission.sent_at + _LINK_LIFE


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


def _timed_out() -> Fault:
    return Fault(
        code=ErrorCode.PROVIDER_TIMEOUT,
        message="the provider accepted the task and did not finish it in 30 minutes",
    )


def _too_few(made: int, asked: int) -> Fault:
    return Fault(code=ErrorCode.EMPTY_RESULT, message=f"the provider made {made} of {asked} images")
