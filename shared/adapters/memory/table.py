"""Jobs, events, keys and leases in memory, under the same rules as in the table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush
from typing import Final

from shared.adapters.job_record import written
from shared.adapters.memory.ledger import MemoryLedger
from shared.domain.api_key import ApiKey
from shared.domain.errors import (
    AlreadyAdmitted,
    FieldError,
    InvalidRequest,
    JobNotFound,
    TaskTaken,
    VersionConflict,
)
from shared.domain.events import Event, announcement
from shared.domain.ids import EventId, JobId, KeyId, TaskId
from shared.domain.job import Job
from shared.domain.job_filter import ALL_JOBS, JobFilter
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.submission import Task
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import Admission, DueJob, Idempotency, JobPage

_MOST_LOOKED_AT: Final = 500
_SURELY_SMALL: Final = 60  # entries, submissions and images of a job


class MemoryJobStore:
    """Keeps jobs, and with them the events they announce and what they cost: all or nothing."""

    def __init__(self) -> None:
        self.announced: dict[EventId, Event] = {}
        self.ledger = MemoryLedger()
        self.waiting: dict[tuple[str, JobId], WaitingPost] = {}
        self._jobs: dict[JobId, Job] = {}
        self._due: dict[JobId, DueJob] = {}  # written with the job, as an index is
        self._agenda: list[tuple[datetime, JobId]] = []
        self._owners: dict[Task, JobId] = {}
        self._admissions: dict[str, Admission] = {}
        self._holders: dict[str, str] = {}  # whose answer stands under a key

    def add(
        self,
        job: Job,
        *,
        claimed: Job | None = None,
        admission: Admission | None = None,
        waiting: WaitingPost | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        if job.id in self._jobs:
            raise VersionConflict(f"{job.id} exists")
        if admission:
            known = self.admitted(admission.idempotency, now=job.created_at)
            if known:
                raise known
        _refuse_too_large(claimed or job)
        self.ledger.check(job, was=None, limits=limits)
        if admission:
            self.admit(admission, owner=job.id)
        if waiting:
            self.waiting[waiting.request, waiting.job_id] = waiting
        self._write(job, was=None, limits=limits)
        if claimed:
            self._write(claimed, was=job, limits=limits)

    def admit(self, admission: Admission, *, owner: str) -> None:
        self._admissions[admission.idempotency.key] = admission
        self._holders[admission.idempotency.key] = owner

    def check(self, job: Job, *, limits: Limits) -> None:
        self.ledger.check(job, was=None, limits=limits)

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        known = self._admissions.get(idempotency.key)
        if known is None or known.expires_at <= now:
            return None
        answer = known.answer if idempotency.key in self._holders else None
        return AlreadyAdmitted(fingerprint=known.idempotency.fingerprint, answer=answer)

    def save(self, job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        current = self._jobs.get(job.id)
        if current is None or current.version != was.version:
            raise VersionConflict(f"{job.id} is not at version {was.version}")
        for task in job.tasks:
            if self._owners.get(task, job.id) != job.id:
                raise TaskTaken(f"{task.provider} {task.id} belongs to another job")
        _refuse_too_large(job)
        self.ledger.check(job, was=was, limits=limits)
        self._write(job, was=was, limits=limits)

    def remove(self, job: Job) -> None:
        if self.get(job.id).version != job.version:
            raise VersionConflict(f"{job.id} is not at version {job.version}")
        del self._jobs[job.id]
        self._due.pop(job.id, None)
        key = job.admission_key
        if key and self._holders.get(key) == job.id:
            self._admissions[key] = replace(self._admissions[key], answer="")
            del self._holders[key]
        for event in [one for one in self.announced.values() if one.subject == f"job#{job.id}"]:
            del self.announced[event.id]

    def owned(self, provider: str, task_ids: Collection[TaskId]) -> frozenset[TaskId]:
        return frozenset(t for t in task_ids if Task(provider, t) in self._owners)

    def get(self, job_id: JobId) -> Job:
        if job_id not in self._jobs:
            raise JobNotFound(job_id)
        return self._jobs[job_id]

    def get_many(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        return {job_id: self._jobs[job_id] for job_id in job_ids if job_id in self._jobs}

    def newest(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: JobFilter = ALL_JOBS
    ) -> JobPage:
        if cursor is not None and not cursor.startswith("after:"):
            error = FieldError(pointer="?cursor", code="invalid", message="is no cursor")
            raise InvalidRequest([error])
        last = (cursor or "").removeprefix("after:")
        ids = sorted((job.id for job in self._jobs.values() if job.tenant == tenant), reverse=True)
        rest = [job_id for job_id in ids if not last or job_id < last]
        looked_at = rest if wanted.is_a_span else rest[:_MOST_LOOKED_AT]
        jobs = [self._jobs[job_id] for job_id in looked_at if wanted.admits(self._jobs[job_id])]
        seen = jobs[limit - 1].id if len(jobs) >= limit else (looked_at or [JobId("")])[-1]
        has_more = bool(rest) and seen != rest[-1]
        return JobPage(jobs=tuple(jobs[:limit]), cursor=f"after:{seen}" if has_more else None)

    def due(self, *, before: datetime, limit: int | None = None) -> Sequence[DueJob]:
        found: dict[JobId, DueJob] = {}
        while (at := self.next_due_at()) and at <= before and (limit is None or len(found) < limit):
            _, job_id = heappop(self._agenda)
            found[job_id] = self._due[job_id]
        for job in found.values():
            heappush(self._agenda, (job.due_at, job.id))
        return list(found.values())

    def next_due_at(self) -> datetime | None:
        """Return when the first job is due; what the agenda still says of older versions goes."""
        while self._agenda:
            at, job_id = self._agenda[0]
            if job_id in self._due and self._due[job_id].due_at == at:
                return at
            heappop(self._agenda)
        return None

    def _write(self, job: Job, *, was: Job | None, limits: Limits = UNLIMITED) -> None:
        self._jobs[job.id] = job
        self._due.pop(job.id, None)
        if job.due_at:
            self._due[job.id] = _due(job, job.due_at)
            if was is None or was.due_at != job.due_at:
                heappush(self._agenda, (job.due_at, job.id))
        self._owners |= dict.fromkeys(job.tasks, job.id)
        event = announcement(job, was=was)
        alarms = self.ledger.post(job, was=was, limits=limits)
        for one in (*([event] if event else []), *alarms):
            self.announced[one.id] = one


class MemoryOutbox:
    def __init__(self, jobs: MemoryJobStore) -> None:
        self._announced = jobs.announced

    def announce(self, event: Event) -> None:
        self._announced[event.id] = event

    def unpublished(self, *, before: datetime, limit: int) -> Sequence[Event]:
        waiting = [event for event in self._announced.values() if event.created_at <= before]
        return sorted(waiting, key=lambda event: event.created_at)[:limit]

    def published(self, events: Iterable[Event]) -> None:
        for event in events:
            self._announced.pop(event.id, None)


class MemoryApiKeys:
    def __init__(self) -> None:
        self._keys: dict[KeyId, ApiKey] = {}

    def add(self, key: ApiKey) -> None:
        if key.id in self._keys:
            raise VersionConflict(f"key {key.id} exists")
        self._keys[key.id] = key

    def find(self, key_id: KeyId) -> ApiKey | None:
        return self._keys.get(key_id)

    def save(self, key: ApiKey, *, was: ApiKey) -> None:
        if self._keys.get(key.id) != was:
            raise VersionConflict(f"key {key.id} is not as it was")
        self._keys[key.id] = key

    def all(self) -> Sequence[ApiKey]:
        return sorted(self._keys.values(), key=lambda key: key.created_at, reverse=True)


class MemoryLeases:
    def __init__(self) -> None:
        self._held: dict[str, tuple[str, datetime]] = {}

    @property
    def names(self) -> Collection[str]:
        return self._held.keys()

    def acquire(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        holder, held_until = self._held.get(name, (owner, now))
        if holder != owner and held_until > now:
            return False
        self._held[name] = (owner, until)
        return True

    def release(self, name: str, *, owner: str) -> None:
        if self._held.get(name, ("", None))[0] == owner:
            del self._held[name]


def _refuse_too_large(job: Job) -> None:
    """Raises RecordTooLarge as the table does. Short records are not measured: it takes a while."""
    if len(job.timeline) + len(job.submissions) + len(job.images) > _SURELY_SMALL:
        written(job)


def _due(job: Job, at: datetime) -> DueJob:
    return DueJob(
        id=job.id,
        due_at=at,
        model=job.model,
        unsent=job.has_work_to_send,
        tasks=job.awaited_tasks,
        is_streamed=any(s.delivery == "stream" for s in job.followed),
        resolution=job.resolution,
        since=job.since,
        finish_by=None if job.is_terminal else job.finish_by,
    )
