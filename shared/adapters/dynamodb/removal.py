"""Removes a job from the table: the row, and what other rows repeat of it, all or nothing."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.admissions import admission_key
from shared.adapters.dynamodb.items import job_key, plain, wire
from shared.adapters.dynamodb.transactions import TRIES, Contended, Write, transact
from shared.domain.errors import VersionConflict
from shared.domain.job import Job
from shared.domain.refusals import busy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_EVENTS: Final = 90  # a transaction takes 100 writes


class Removal:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def __call__(self, job: Job, *, back_off: Callable[[int], None]) -> None:
        """Raises VersionConflict when the job is no longer as given, Busy under contention."""
        for tries in range(TRIES):
            if tries:
                back_off(tries)
            try:
                return transact(self._client, list(self._writes(job)), table=self._table)
            except Contended:
                continue
        raise busy()

    def _writes(self, job: Job) -> Iterator[Write]:
        deleted = {
            "Key": wire(job_key(job.id)),
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": wire({":version": job.version}),
        }
        moved = VersionConflict(f"{job.id} is not at version {job.version}")
        yield Write(deleted, moved, "Delete")
        yield from self._tombstone(job)
        yield from self._events(job)

    def _tombstone(self, job: Job) -> Iterator[Write]:
        """Take the answer out of the admission row, unless the key stands for another job by now.

        Jobs of before this field was written have none.
        """
        if job.admission_key is None:
            return
        key = wire(admission_key(job.admission_key))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        item = answer.get("Item", {})
        if plain(item).get("job_id") == job.id:
            put = {
                "Item": {name: value for name, value in item.items() if name != "answer"},
                "ConditionExpression": "job_id = :job",
                "ExpressionAttributeValues": wire({":job": job.id}),
            }
            moved = Contended("the key has expired, or stands for another job, since it was read")
            yield Write(put, moved, is_shared=True)

    def _events(self, job: Job) -> Iterator[Write]:
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :job AND begins_with(sk, :event)",
            ExpressionAttributeValues=wire({":job": job_key(job.id)["pk"], ":event": "event#"}),
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
            Limit=_MOST_EVENTS,
        )
        for item in answer["Items"]:
            key: dict[str, Any] = {"Key": {name: item[name] for name in ("pk", "sk")}}
            yield Write(key, Contended("the event is being published"), "Delete", is_shared=True)
