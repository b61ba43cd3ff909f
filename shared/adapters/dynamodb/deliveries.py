"""Deliveries in DynamoDB. The version is the lock: of all who would send one, one does."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.conflicts import is_conflict
from shared.adapters.dynamodb.items import SHARDS, Item, text_of, wire
from shared.adapters.dynamodb.transactions import TRIES, Contended, Write, transact
from shared.adapters.dynamodb.webhook_items import (
    closed_item,
    closed_key,
    deliveries_of,
    deliveries_of_job,
    delivery_item,
    delivery_key,
    delivery_name_item,
    read_delivery,
    read_due_delivery,
    version_of,
)
from shared.domain.delivery import Delivery
from shared.domain.errors import DeliveryNotFound, FieldError, InvalidRequest, VersionConflict
from shared.domain.ids import DeliveryId, JobId
from shared.domain.job import Job
from shared.domain.refusals import busy
from shared.ports.webhooks import DeliveryPage, DueDelivery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DELIVERY_ID: Final = re.compile(r"dlv_[0-9A-HJKMNP-TV-Z]{26}")


class DynamoDeliveries:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, delivery: Delivery) -> bool:
        for _ in range(TRIES):
            try:
                transact(self._client, list(_planned(delivery)), table=self._table)
            except _NotAdded:
                return False
            except Contended:
                continue
            return True
        raise busy()

    def is_closed(self, job_id: JobId) -> bool:
        key = wire(closed_key(job_id))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return "Item" in answer

    def remove_of(self, job: Job) -> None:
        self._unhindered(lambda: self._remove_of(job))

    def _remove_of(self, job: Job) -> None:
        self._client.put_item(TableName=self._table, Item=closed_item(job))
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :job AND begins_with(sk, :delivery)",
            ExpressionAttributeValues=wire(
                {":job": deliveries_of_job(job.id), ":delivery": "dlv_"}
            ),
            ConsistentRead=True,
        )
        for name in [item for page in pages for item in page["Items"]]:
            # The name goes last: what is interrupted can be done again.
            key = wire(delivery_key(DeliveryId(name["sk"]["S"])))
            for one in (key, {part: name[part] for part in ("pk", "sk")}):
                self._client.delete_item(TableName=self._table, Key=one)

    def _unhindered(self, write: Callable[[], object]) -> None:
        """Write again when a transaction was on the same item. Raises Busy."""
        for _ in range(TRIES):
            try:
                write()
            except self._client.exceptions.TransactionConflictException:
                continue
            return
        raise busy()

    def get(self, delivery_id: DeliveryId) -> Delivery:
        key = wire(delivery_key(delivery_id))
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise DeliveryNotFound(delivery_id)
        return read_delivery(answer["Item"])

    def save(self, delivery: Delivery, *, was: Delivery) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=delivery_item(delivery),
                ConditionExpression="version = :was",
                ExpressionAttributeValues=wire({":was": was.version}),
            )
        except ClientError as exc:
            if not is_conflict(exc):
                raise
            raise VersionConflict(f"{was.id} is not at version {was.version}") from exc

    def newest(self, tenant: str, *, limit: int, cursor: str | None) -> DeliveryPage:
        start = {"ExclusiveStartKey": _open_cursor(cursor, tenant)} if cursor is not None else {}
        answer = self._client.query(
            TableName=self._table,
            IndexName="tenant-jobs",
            KeyConditionExpression="tenant = :tenant",
            ExpressionAttributeValues=wire({":tenant": deliveries_of(tenant)}),
            ScanIndexForward=False,
            Limit=limit,
            **start,  # type: ignore[arg-type]  # the stubs want one key's exact shape
        )
        last = answer.get("LastEvaluatedKey")
        return DeliveryPage(
            deliveries=tuple(read_delivery(item) for item in answer["Items"]),
            cursor=urlsafe_b64encode(last["job_id"]["S"].encode()).decode() if last else None,
        )

    def due(self, *, before: datetime, limit: int) -> Sequence[DueDelivery]:
        found = [one for shard in range(SHARDS) for one in self._due_in(shard, before, limit)]
        return sorted(found, key=lambda one: one.due_at)[:limit]

    def _due_in(self, shard: int, before: datetime, limit: int) -> list[DueDelivery]:
        answer = self._client.query(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :before",
            ExpressionAttributeValues=wire(
                {":shard": f"deliveries#{shard}", ":before": text_of(before)}
            ),
            Limit=limit,
        )
        return [read_due_delivery(item) for item in answer["Items"]]


class _NotAdded(Exception):
    """The delivery is there already, or its job is being deleted."""


def _planned(delivery: Delivery) -> Iterator[Write]:
    is_new = {"ConditionExpression": "attribute_not_exists(pk)"}
    yield Write({"Item": delivery_item(delivery)} | is_new, _NotAdded(), is_shared=True)
    if delivery.job_id:
        name = delivery_name_item(delivery.job_id, delivery)
        yield Write({"Item": name}, Contended("the name"), is_shared=True)
        is_open = {
            "Key": wire(closed_key(delivery.job_id)),
            "ConditionExpression": "attribute_not_exists(pk) OR version < :version",
            "ExpressionAttributeValues": wire({":version": version_of(delivery)}),
        }
        yield Write(is_open, _NotAdded(), "ConditionCheck", is_shared=True)


def _open_cursor(cursor: str, tenant: str) -> Item:
    """Rebuild the key from the one part that is not known: a cursor cannot leave its tenant."""
    try:
        delivery_id = DeliveryId(urlsafe_b64decode(cursor.encode()).decode())
    except ValueError:
        delivery_id = DeliveryId("")
    if not _DELIVERY_ID.fullmatch(delivery_id):
        error = FieldError(pointer="?cursor", code="invalid", message="is no cursor of this list")
        raise InvalidRequest([error])
    return wire(
        delivery_key(delivery_id) | {"tenant": deliveries_of(tenant), "job_id": delivery_id}
    )
