"""Jobs in DynamoDB. The version is the lock: who writes over what he has not read, fails."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.admissions import admission_key, admission_put, read_admission
from shared.adapters.dynamodb.batch_reads import read_many
from shared.adapters.dynamodb.items import (
    SHARDS,
    event_item,
    job_item,
    job_key,
    read_due,
    read_job,
    task_item,
    task_key,
    text_of,
    wire,
)
from shared.adapters.dynamodb.ledger import DynamoLedger
from shared.adapters.dynamodb.removal import Removal
from shared.adapters.dynamodb.transactions import TRIES, Contended, Write, at_once, transact
from shared.adapters.dynamodb.waiting_posts import waiting_item
from shared.domain.errors import (
    AlreadyAdmitted,
    Busy,
    FieldError,
    InvalidRequest,
    JobNotFound,
    ServiceError,
    TaskTaken,
    VersionConflict,
)
from shared.domain.events import announcement
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.job_filter import ALL_JOBS, JobFilter
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.refusals import busy
from shared.domain.submission import Task
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import Admission, DueJob, Idempotency, JobPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_PAGES: Final = 5  # so many queries answer one question at most
_FILTERED_PAGE: Final = 100
_JOB_ID: Final = re.compile(r"job_[0-9A-HJKMNP-TV-Z]{26}")


class DynamoJobStore:
    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        table: str,
        back_off: Callable[[int], None] = at_once,
    ) -> None:
        self._client = client
        self._table = table
        self._ledger = DynamoLedger(client, table=table)
        self._back_off = back_off
        self._removal = Removal(client, table=table)

    def add(
        self,
        job: Job,
        *,
        claimed: Job | None = None,
        admission: Admission | None = None,
        waiting: WaitingPost | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        put = _job_put(claimed or job, condition="attribute_not_exists(pk)")
        writes = [Write(put, VersionConflict(f"{job.id} exists")), *_with_it(job, None)]
        if admission:
            refusal = VersionConflict("the same request is being admitted at this moment")
            put = admission_put(admission, owner=job.id, now=job.created_at)
            writes.append(Write(put, refusal))
        if waiting:
            put = {"Item": waiting_item(waiting)}
            writes.append(Write(put, VersionConflict("the job is waited for")))
        try:
            self._write(writes, job, was=None, limits=limits)
        except ServiceError as exc:
            known = admission and self.admitted(admission.idempotency, now=job.created_at)
            raise known or exc from exc

    def check(self, job: Job, *, limits: Limits) -> None:
        self._ledger.check(job, limits=limits)

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        key = wire(admission_key(idempotency.key))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item = answer.get("Item")
        return read_admission(item, now) if item else None

    def save(self, job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        put = _job_put(job, condition="version = :was", was=was.version)
        refusal = VersionConflict(f"{job.id} is not at version {was.version}")
        try:
            self._write([Write(put, refusal), *_with_it(job, was)], job, was=was, limits=limits)
        except Busy as exc:
            raise VersionConflict(str(exc)) from exc

    def remove(self, job: Job) -> None:
        self._removal(job, back_off=self._back_off)

    def owned(self, provider: str, task_ids: Collection[TaskId]) -> frozenset[TaskId]:
        answers = (
            (task_id, self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True))
            for task_id in task_ids
            for key in [wire(task_key(Task(provider, task_id)))]
        )
        return frozenset(task_id for task_id, answer in answers if "Item" in answer)

    def get(self, job_id: JobId) -> Job:
        key = wire(job_key(job_id))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise JobNotFound(job_id)
        return read_job(answer["Item"])

    def get_many(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        keys = (wire(job_key(job_id)) for job_id in dict.fromkeys(job_ids))
        jobs = map(read_job, read_many(self._client, self._table, keys))
        return {job.id: job for job in jobs}

    def newest(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: JobFilter = ALL_JOBS
    ) -> JobPage:
        seen = _open_cursor(cursor) if cursor is not None else None
        found: list[Job] = []
        for _ in range(_MOST_PAGES):
            size = limit - len(found) if wanted.is_a_span else _FILTERED_PAGE
            page, has_more = self._query(tenant, wanted, after=seen, size=size)
            for at, job in enumerate(page, start=1):
                seen = job.id
                found += [job] if wanted.admits(job) else []
                if len(found) == limit:
                    has_more = has_more or at < len(page)
                    return JobPage(jobs=tuple(found), cursor=_cursor(seen) if has_more else None)
            if not has_more or seen is None:
                return JobPage(jobs=tuple(found), cursor=None)
        return JobPage(jobs=tuple(found), cursor=_cursor(seen) if seen else None)

    def _query(
        self, tenant: str, wanted: JobFilter, *, after: JobId | None, size: int
    ) -> tuple[list[Job], bool]:
        """Read one page of the index, and whether there is another."""
        first, last = wanted.span
        if first > last or (after and after <= first):
            return [], False
        # A start outside the span is an error of DynamoDB's; above it, it says nothing new.
        key = wire(job_key(after) | {"tenant": tenant, "job_id": after}) if after else {}
        start = {"ExclusiveStartKey": key} if after and after <= last else {}
        answer = self._client.query(
            TableName=self._table,
            IndexName="tenant-jobs",
            KeyConditionExpression="tenant = :tenant AND job_id BETWEEN :first AND :last",
            ExpressionAttributeValues=wire({":tenant": tenant, ":first": first, ":last": last}),
            ScanIndexForward=False,
            Limit=size,
            **start,  # type: ignore[arg-type]  # the stubs want one key's exact shape
        )
        return [read_job(item) for item in answer["Items"]], "LastEvaluatedKey" in answer

    def due(self, *, before: datetime, limit: int | None = None) -> Sequence[DueJob]:
        found: list[DueJob] = []
        for shard in range(SHARDS):
            found += islice(self._due_in(shard, before), limit)
        return sorted(found, key=lambda job: job.due_at)[:limit]

    def _due_in(self, shard: int, before: datetime) -> Iterator[DueJob]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :before",
            ExpressionAttributeValues=wire({":shard": f"jobs#{shard}", ":before": text_of(before)}),
        )
        for page in pages:
            yield from (read_due(item) for item in page["Items"])

    def _write(self, writes: Sequence[Write], job: Job, *, was: Job | None, limits: Limits) -> None:
        """Raises what the first refused write means, and Busy when others are always faster."""
        for tries in range(TRIES):
            if tries:
                self._back_off(tries)
            books = self._ledger.writes(job, was=was, limits=limits, afresh=tries > 0)
            try:
                return transact(self._client, [*writes, *books], table=self._table)
            except Contended:
                continue
        raise busy()


def _job_put(job: Job, *, condition: str, **values: object) -> dict[str, Any]:
    put: dict[str, Any] = {"Item": job_item(job), "ConditionExpression": condition}
    if values:
        put["ExpressionAttributeValues"] = wire({f":{name}": v for name, v in values.items()})
    return put


def _with_it(job: Job, was: Job | None) -> Iterator[Write]:
    """Return what is written together with a job: its event, and the tasks it now owns."""
    event = announcement(job, was=was)
    if event:
        yield Write({"Item": event_item(event)}, VersionConflict("the event exists"))
    known = frozenset(was.tasks) if was else frozenset()
    for task in job.tasks:
        if task not in known:
            put = {
                "Item": task_item(job, task),
                "ConditionExpression": "attribute_not_exists(pk) OR claimed_by = :job",
                "ExpressionAttributeValues": wire({":job": job.id}),
            }
            yield Write(put, TaskTaken(f"{task.provider} {task.id} belongs to another job"))


def _cursor(job_id: JobId) -> str:
    return urlsafe_b64encode(job_id.encode()).decode()


def _open_cursor(cursor: str) -> JobId:
    """Return the last job seen. Raises InvalidRequest.

    That is all a cursor holds: it cannot leave its tenant, and it goes with any filter.
    """
    try:
        job_id = JobId(urlsafe_b64decode(cursor.encode()).decode())
    except ValueError:
        job_id = JobId("")
    if not _JOB_ID.fullmatch(job_id):
        error = FieldError(pointer="?cursor", code="invalid", message="is no cursor of this list")
        raise InvalidRequest([error])
    return job_id
