"""Jobs in a store, with each step that was written measured, by whoever won the write."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from shared.domain.errors import AlreadyAdmitted
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.job_filter import ALL_JOBS, JobFilter
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.metrics import of_step
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import Admission, DueJob, Idempotency, JobPage, JobStore
from shared.ports.runtime import Metrics


class MeasuredJobs:
    """A lost write measures nothing, and a repeated one is refused: every step counts once."""

    def __init__(self, jobs: JobStore, metrics: Metrics) -> None:
        self._jobs = jobs
        self._metrics = metrics

    def add(
        self,
        job: Job,
        *,
        claimed: Job | None = None,
        admission: Admission | None = None,
        waiting: WaitingPost | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._jobs.add(job, claimed=claimed, admission=admission, waiting=waiting, limits=limits)
        self._metrics(of_step(job, None))

    def check(self, job: Job, *, limits: Limits) -> None:
        self._jobs.check(job, limits=limits)

    def save(self, job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        self._jobs.save(job, was=was, limits=limits)
        self._metrics(of_step(job, was))

    def get(self, job_id: JobId) -> Job:
        return self._jobs.get(job_id)

    def get_many(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        return self._jobs.get_many(job_ids)

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        return self._jobs.admitted(idempotency, now=now)

    def remove(self, job: Job) -> None:
        self._jobs.remove(job)

    def owned(self, provider: str, task_ids: Collection[TaskId]) -> frozenset[TaskId]:
        return self._jobs.owned(provider, task_ids)

    def newest(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: JobFilter = ALL_JOBS
    ) -> JobPage:
        return self._jobs.newest(tenant, limit=limit, cursor=cursor, wanted=wanted)

    def due(self, *, before: datetime, limit: int | None = None) -> Sequence[DueJob]:
        return self._jobs.due(before=before, limit=limit)
