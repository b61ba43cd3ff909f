"""The index of all that is due, at one glance."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from shared.adapters.dynamodb.items import text_of, wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A page of as many entries, of some 300 bytes each, takes four read units.
_GLANCE: Final = 100


class DynamoDueIndex:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def is_clear(self, *, before: datetime) -> bool:
        # A scan, because it crosses the shards: the index holds only what is still to be done.
        answer = self._client.scan(
            TableName=self._table,
            IndexName="due",
            FilterExpression="due_at <= :before",
            ExpressionAttributeValues=wire({":before": text_of(before)}),
            Select="COUNT",
            Limit=_GLANCE,
        )
        return not answer["Count"] and "LastEvaluatedKey" not in answer
