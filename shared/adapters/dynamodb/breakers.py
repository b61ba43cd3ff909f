"""Breakers in DynamoDB. The version is the lock, as with jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.dynamodb.conflicts import is_conflict
from shared.adapters.dynamodb.items import BREAKERS, breaker_item, event_item, read_breaker, wire
from shared.domain.breaker import Breaker
from shared.domain.errors import VersionConflict
from shared.domain.events import outage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoBreakers:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def all(self) -> Sequence[Breaker]:
        """One call: there are as many breakers as models at providers, a few hundred bytes each."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :breakers",
            ExpressionAttributeValues=wire({":breakers": BREAKERS}),
            ConsistentRead=True,
        )
        return [read_breaker(item) for item in answer["Items"]]

    def save(self, breaker: Breaker, *, was: Breaker) -> None:
        put = {"TableName": self._table, **_put(breaker, was)}
        event = outage(breaker, was=was)
        try:
            if event is None:
                self._client.put_item(**put)
            else:
                told = {"TableName": self._table, "Item": event_item(event)}
                items: list[Any] = [{"Put": put}, {"Put": told}]
                self._client.transact_write_items(TransactItems=items)
        except ClientError as exc:
            if not is_conflict(exc):
                raise
            conflict = f"{was.provider} {was.model} is not at version {was.version}"
            raise VersionConflict(conflict) from exc


def _put(breaker: Breaker, was: Breaker) -> dict[str, Any]:
    put: dict[str, Any] = {"Item": breaker_item(breaker)}
    if was.version == 0:
        return put | {"ConditionExpression": "attribute_not_exists(pk)"}
    return put | {
        "ConditionExpression": "version = :was",
        "ExpressionAttributeValues": wire({":was": was.version}),
    }
