"""Leases in DynamoDB."""

from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.dynamodb.items import text_of, wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoLeases:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def acquire(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=wire(_key(name) | {"holder": owner, "held_until": text_of(until)}),
                ConditionExpression=(
                    "attribute_not_exists(pk) OR holder = :owner OR held_until <= :now"
                ),
                ExpressionAttributeValues=wire({":owner": owner, ":now": text_of(now)}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def release(self, name: str, *, owner: str) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=wire(_key(name)),
                ConditionExpression="holder = :owner",
                ExpressionAttributeValues=wire({":owner": owner}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return  # someone else's by now


def _key(name: str) -> dict[str, str]:
    return {"pk": f"lease#{name}", "sk": "lease"}
