"""Jobs in DynamoDB. The version is the lock: who writes over what he has not read, fails."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.items import (
    SHARDS,
    Item,
    admission_item,
    admission_key,
    event_item,
    job_item,
    job_key,
    read_admission,
    read_due,
    read_job,
    task_item,
    task_key,
    text_of,
    wire,
)
from shared.adapters.dynamodb.ledger import DynamoLedger
from shared.adapters.dynamodb.transactions import TRIES, Contended, Write, at_once, transact
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
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.refusals import busy
from shared.domain.submission import Task
from shared.ports import Admission, DueJob, Idempotency, JobPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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

    def add(
        self, job: Job, *, admission: Admission | None = None, limits: Limits = UNLIMITED
    ) -> None:
        put = _job_put(job, condition="attribute_not_exists(pk)")
        writes = [Write(put, VersionConflict(f"{job.id} exists")), *_with_it(job, None)]
        if admission:
            refusal = VersionConflict("the same request is being admitted at this moment")
            writes.append(Write(_admission_put(admission, job.created_at), refusal))
        try:
            self._write(writes, job, was=None, limits=limits)
        except ServiceError as exc:
            known = admission and self.admitted(admission.idempotency, now=job.created_at)
            raise known or exc from exc

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        key = wire(admission_key(idempotency))
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
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=wire(job_key(job.id)),
                ConditionExpression="version = :version",
                ExpressionAttributeValues=wire({":version": job.version}),
            )
        except self._client.exceptions.ConditionalCheckFailedException as exc:
            raise VersionConflict(f"{job.id} is not at version {job.version}") from exc

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

    def newest(self, tenant: str, *, limit: int, cursor: str | None) -> JobPage:
        start = {"ExclusiveStartKey": _open_cursor(cursor, tenant)} if cursor is not None else {}
        answer = self._client.query(
            TableName=self._table,
            IndexName="tenant-jobs",
            KeyConditionExpression="tenant = :tenant",
            ExpressionAttributeValues=wire({":tenant": tenant}),
            ScanIndexForward=False,
            Limit=limit,
            **start,  # type: ignore[arg-type]  # the stubs want one key's exact shape
        )
        last = answer.get("LastEvaluatedKey")
        return JobPage(
            jobs=tuple(read_job(item) for item in answer["Items"]),
            cursor=_cursor(JobId(last["job_id"]["S"])) if last else None,
        )

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
            books = self._ledger.writes(job, was=was, limits=limits)
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


def _admission_put(admission: Admission, now: datetime) -> dict[str, Any]:
    return {
        "Item": admission_item(admission),
        # The table forgets when it likes, so the time is compared as well.
        "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
        "ExpressionAttributeValues": wire({":now": int(now.timestamp())}),
    }


def _cursor(job_id: JobId) -> str:
    return urlsafe_b64encode(job_id.encode()).decode()


def _open_cursor(cursor: str, tenant: str) -> Item:
    """Rebuild the key from the one part that is not known: a cursor cannot leave its tenant."""
    try:
        job_id = JobId(urlsafe_b64decode(cursor.encode()).decode())
    except ValueError:
        job_id = JobId("")
    if not _JOB_ID.fullmatch(job_id):
        error = FieldError(pointer="?cursor", code="invalid", message="is no cursor of this list")
        raise InvalidRequest([error])
    return wire(job_key(job_id) | {"tenant": tenant, "job_id": job_id})
