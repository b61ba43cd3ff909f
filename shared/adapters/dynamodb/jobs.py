"""Jobs in DynamoDB. The version is the lock: who writes over what he has not read, fails."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.items import (
    SHARDS,
    Item,
    event_item,
    job_item,
    job_key,
    read_due,
    read_job,
    text_of,
    wire,
)
from shared.domain.errors import FieldError, InvalidRequest, JobNotFound, VersionConflict
from shared.domain.events import announcement
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.ports import DueJob, JobPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Why a transaction is cancelled when others write the same job; throttling is another matter.
_CONFLICTS: Final = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_JOB_ID: Final = re.compile(r"job_[0-9A-HJKMNP-TV-Z]{26}")


class DynamoJobStore:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, job: Job) -> None:
        self._write(job, was=None, condition="attribute_not_exists(pk)", values={})

    def save(self, job: Job, *, was: Job) -> None:
        self._write(job, was=was, condition="version = :was", values={":was": was.version})

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

    def due(self, *, before: datetime, limit: int) -> Sequence[DueJob]:
        found: list[DueJob] = []
        for shard in range(SHARDS):
            answer = self._client.query(
                TableName=self._table,
                IndexName="due",
                KeyConditionExpression="due_shard = :shard AND due_at <= :before",
                ExpressionAttributeValues=wire(
                    {":shard": f"jobs#{shard}", ":before": text_of(before)}
                ),
                Limit=limit,
            )
            found += [read_due(item) for item in answer["Items"]]
        return sorted(found, key=lambda job: job.due_at)[:limit]

    def _write(
        self, job: Job, *, was: Job | None, condition: str, values: dict[str, object]
    ) -> None:
        first: dict[str, Any] = {
            "TableName": self._table,
            "Item": job_item(job),
            "ConditionExpression": condition,
        }
        if values:
            first["ExpressionAttributeValues"] = wire(values)
        event = announcement(job, was=was)
        try:
            if event:
                second = {"TableName": self._table, "Item": event_item(event)}
                both: list[Any] = [{"Put": first}, {"Put": second}]
                self._client.transact_write_items(TransactItems=both)
            else:
                self._client.put_item(**first)
        except (
            self._client.exceptions.ConditionalCheckFailedException,
            self._client.exceptions.TransactionCanceledException,
        ) as exc:
            if not _is_conflict(exc):
                raise
            raise VersionConflict(f"{job.id} is not at version {was and was.version}") from exc


def _is_conflict(exc: ClientError) -> bool:
    reasons = exc.response.get("CancellationReasons")
    return reasons is None or any(reason.get("Code") in _CONFLICTS for reason in reasons)


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
