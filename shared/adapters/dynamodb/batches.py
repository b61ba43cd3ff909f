"""Batches in DynamoDB: one row each, which holds all that is known of its progress."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.admissions import admission_key, admission_put, read_admission
from shared.adapters.dynamodb.conflicts import is_conflict
from shared.adapters.dynamodb.documents import Document
from shared.adapters.dynamodb.items import Item, event_item, plain, text_of, wire
from shared.domain.batch import Batch
from shared.domain.errors import AlreadyAdmitted, BatchNotFound, VersionConflict
from shared.domain.events import completion
from shared.domain.ids import BatchId
from shared.ports.jobs import Admission

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH: Final = Document(Batch)
_LISTED: Final = 100
# There are few: one shard is read at once.
_DUE: Final = "batches"


class DynamoBatches:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, batch: Batch, *, admission: Admission | None = None) -> None:
        put = {"Item": _item(batch), "ConditionExpression": "attribute_not_exists(pk)"}
        if admission is None:
            self._write([put], VersionConflict(f"{batch.id} exists"))
            return
        named = admission_put(admission, owner=batch.id, now=batch.created_at)
        try:
            self._write([put, named], VersionConflict(f"{batch.id} exists"))
        except VersionConflict as exc:
            known = self._known(admission, batch.created_at)
            raise known or exc from exc

    def admit(self, admission: Admission, *, of: Batch, now: datetime) -> None:
        named = admission_put(admission, owner=of.id, now=now)
        try:
            self._write([named], VersionConflict("the same request is being admitted"))
        except VersionConflict as exc:
            raise self._known(admission, now) or exc from exc

    def _known(self, admission: Admission, now: datetime) -> AlreadyAdmitted | None:
        key = wire(admission_key(admission.idempotency.key))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return read_admission(answer["Item"], now) if "Item" in answer else None

    def get(self, tenant: str, batch_id: BatchId) -> Batch:
        key = wire(_key(tenant, batch_id))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise BatchNotFound(batch_id)
        return read_batch(answer["Item"])

    def save(self, batch: Batch, *, was: Batch) -> None:
        put = {
            "Item": _item(batch),
            "ConditionExpression": "version = :was",
            "ExpressionAttributeValues": wire({":was": was.version}),
        }
        event = completion(batch, was=was)
        puts: list[dict[str, Any]] = [put, {"Item": event_item(event)}] if event else [put]
        self._write(puts, VersionConflict(f"{batch.id} is not at version {was.version}"))

    def of_tenant(self, tenant: str) -> Sequence[Batch]:
        answer = self._client.query(
            TableName=self._table,
            IndexName="tenant-jobs",
            KeyConditionExpression="tenant = :tenant",
            ExpressionAttributeValues=wire({":tenant": f"batches#{tenant}"}),
            ScanIndexForward=False,
            Limit=_LISTED,
        )
        return [read_batch(item) for item in answer["Items"]]

    def due(self, *, before: datetime) -> Sequence[tuple[str, BatchId]]:
        answer = self._client.query(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :before",
            ExpressionAttributeValues=wire({":shard": _DUE, ":before": text_of(before)}),
        )
        rows = map(plain, answer["Items"])
        return [(row["pk"].removeprefix("batches#"), BatchId(row["sk"])) for row in rows]

    def _write(self, puts: list[dict[str, Any]], refusal: VersionConflict) -> None:
        items: list[Any] = [{"Put": {"TableName": self._table, **put}} for put in puts]
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as exc:
            if not is_conflict(exc):
                raise
            raise refusal from exc


def _key(tenant: str, batch_id: BatchId) -> dict[str, str]:
    return {"pk": f"batches#{tenant}", "sk": batch_id}


def _item(batch: Batch) -> Item:
    item: dict[str, object] = _key(batch.tenant, batch.id) | {
        "version": batch.version,
        "document": _BATCH.write(batch),
        # Listed by the index of jobs, in a partition of their own.
        "tenant": f"batches#{batch.tenant}",
        "job_id": f"{text_of(batch.created_at)}#{batch.id}",
    }
    if batch.due_at:
        item |= {"due_shard": _DUE, "due_at": text_of(batch.due_at)}
    return wire(item)


def read_batch(item: Item) -> Batch:
    return _BATCH.read(plain(item)["document"])
