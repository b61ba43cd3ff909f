"""Planted bugs of the end: when it comes, what comes after it, and which row is read."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from shared.adapters.memory import table
from shared.domain import reports
from shared.domain.errors import JobNotFound
from shared.domain.job import Job
from shared.domain.job_facts import JobFacts
from shared.domain.status import JobStatus
from shared.domain.submission import Submission
from tests.simulation.mutant import Mutant, Original


def _never_gives_up(_: Original) -> Any:
    return lambda one, at: one


def _timeout_forgets_the_task(_: Original) -> Any:
    def broken(self: Submission, fault: Any) -> Submission:
        at = self.sent_at
        return self if at is None else self.settled(faults=(fault,), charged=Decimal(0), at=at)

    return broken


def _over_is_over(_: Original) -> Any:
    return lambda self: () if self.is_terminal else _followed(self)


def _only_the_latest_attempt(_: Original) -> Any:
    return lambda self: tuple(s for s in self.current if s.may_bring_images)


def _late_news_reopens(settled: Original) -> Any:
    def broken(self: Job, updates: Any, images: Any, **when: Any) -> Job:
        done: Job = settled(self, updates, images, **when)
        if self.is_terminal and len(done.images) >= done.input.n:
            return replace(done, status=JobStatus.SUCCEEDED)
        return done

    return broken


def _nothing_is_due_after_the_end(_: Original) -> Any:
    return lambda self, wanted: None if self.is_terminal else wanted


def _deadlines_are_ignored(_: Original) -> Any:
    return lambda self, at: None


def _rows_are_forgotten_soon(get: Original) -> Any:
    def broken(self: table.MemoryJobStore, job_id: Any) -> Job:
        job: Job = get(self, job_id)
        newest = max(other.updated_at for other in self._jobs.values())
        if job.updated_at < newest - timedelta(minutes=10):
            del self._jobs[job_id]
            raise JobNotFound(job_id)
        return job

    return broken


def _reads_are_stale(get: Original) -> Any:
    seen: dict[Any, Job] = {}

    def broken(self: table.MemoryJobStore, job_id: Any) -> Job:
        return seen.setdefault((id(self), job_id), get(self, job_id))

    return broken


def _followed(job: Job) -> tuple[Submission, ...]:
    return tuple(s for s in job.submissions if s.may_bring_images)


BROKEN_ENDINGS: Final = (
    Mutant("never give up", reports, "without_news", _never_gives_up),
    Mutant("forget at the timeout", Submission, "abandoned", _timeout_forgets_the_task),
    Mutant("throw late results away", JobFacts, "followed", _over_is_over),
    Mutant("follow the latest attempt only", JobFacts, "followed", _only_the_latest_attempt),
    Mutant("late news reopens a job", Job, "settled", _late_news_reopens),
    Mutant("nothing due after the end", Job, "_due", _nothing_is_due_after_the_end),
    Mutant("forget live rows", table.MemoryJobStore, "get", _rows_are_forgotten_soon),
    Mutant("read from a stale index", table.MemoryJobStore, "get", _reads_are_stale),
)
