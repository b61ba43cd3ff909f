"""Where jobs are kept, with what their idempotency keys stand for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.errors import AlreadyAdmitted
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.job_filter import ALL_JOBS, JobFilter
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.submission import Task
from shared.domain.waiting_post import WaitingPost


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A caller's own name for a request: digests of the name and of the request."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an idempotency key stands for, until it expires."""

    idempotency: Idempotency
    answer: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    jobs: tuple[Job, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """What the watch needs to know of a job without reading it."""

    id: JobId
    due_at: datetime
    model: str
    unsent: bool
    tasks: tuple[Task, ...]
    is_streamed: bool  # whether the provider's event stream will tell
    resolution: str | None
    since: datetime  # when the latest of its submissions was sent, or the job opened
    finish_by: datetime | None  # the caller's deadline, while the job is open


class JobStore(Protocol):
    """Jobs, their events, the tasks they own, what they hold and have cost: all or nothing.

    A task belongs to the first job that names it: TaskTaken is raised for any other.
    """

    def add(
        self,
        job: Job,
        *,
        claimed: Job | None = None,
        admission: Admission | None = None,
        waiting: WaitingPost | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        """Write a new job, under which idempotency key it was admitted, and what it holds.

        `waiting` is the post that holds the job until it is answered.

        What is announced is `job`; with `claimed` it lies there as that from the first moment on.

        Raises AlreadyAdmitted when that key has made a job in the last 24 hours, BudgetExceeded,
        TooManyInFlight or RateLimited when a limit keeps it out, and Busy.
        """
        ...

    def check(self, job: Job, *, limits: Limits) -> None:
        """Raise what `add` raises now because of the key's limits; write nothing."""
        ...

    def get(self, job_id: JobId) -> Job:
        """Return the job as last written. Raises JobNotFound."""
        ...

    def get_many(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return the jobs as last written; one that is not there is left out."""
        ...

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        """Return what the key stands for now; without an answer once that job is deleted."""
        ...

    def save(self, job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        """Write `job` over `was`, and what the step moves in its key's account and usage.

        Raises VersionConflict when `was` is no longer current. With limits a step that holds
        money anew raises BudgetExceeded, TooManyInFlight or RateLimited as `add` does. Raises
        RecordTooLarge for a job that has outgrown one record, as `add` does too.
        """
        ...

    def remove(self, job: Job) -> None:
        """Remove the job and its unpublished events.

        The answer stored under its idempotency key is removed in the same write. The key itself
        stays known until it expires. Raises VersionConflict when the job is no longer as given.
        """
        ...

    def owned(self, provider: str, task_ids: Collection[TaskId]) -> frozenset[TaskId]:
        """Return those of the tasks that belong to a job."""
        ...

    def newest(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: JobFilter = ALL_JOBS
    ) -> JobPage:
        """Return the tenant's jobs, newest first.

        A page may be shorter than `limit`, even empty: only so many jobs are looked at in one
        call. Without a cursor there are no more.
        """
        ...

    def due(self, *, before: datetime, limit: int | None = None) -> Sequence[DueJob]:
        """Return all jobs whose `due_at` has come, or at least one of them and at most `limit`.

        The longest due come first; may lag writes a little.
        """
        ...


class DueIndex(Protocol):
    """All that is ever due, of whatever kind: jobs, events, deliveries, batches."""

    def is_clear(self, *, before: datetime) -> bool:
        """Tell by one question that nothing is due by then; may lag writes a little.

        False also when so much is still to come that one question does not see all of it.
        """
        ...
