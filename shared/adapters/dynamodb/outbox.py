"""Announced events in DynamoDB, until they are published."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb.items import SHARDS, event_item, read_event, text_of, wire
from shared.domain.events import Event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DELETES_AT_ONCE = 25


class DynamoOutbox:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def announce(self, event: Event) -> None:
        self._client.put_item(TableName=self._table, Item=event_item(event))

    def unpublished(self, *, before: datetime, limit: int) -> Sequence[Event]:
        keys = [key for shard in range(SHARDS) for key in self._keys(shard, before, limit)]
        answers = (
            self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            for key in keys[:limit]
        )
        # The index lags: what has been published meanwhile is gone.
        return [read_event(answer["Item"]) for answer in answers if "Item" in answer]

    def published(self, events: Iterable[Event]) -> None:
        # A batch may not name a key twice, and a stream may bring an event twice.
        items = {event.id: event_item(event) for event in events}.values()
        requests: list[Any] = [
            {"DeleteRequest": {"Key": {name: item[name] for name in ("pk", "sk")}}}
            for item in items
        ]
        for start in range(0, len(requests), _DELETES_AT_ONCE):
            batch = {self._table: requests[start : start + _DELETES_AT_ONCE]}
            # What stays behind is published once more; receivers know the event by its id.
            self._client.batch_write_item(RequestItems=batch)

    def _keys(self, shard: int, before: datetime, limit: int) -> Iterator[dict[str, Any]]:
        answer = self._client.query(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :before",
            ExpressionAttributeValues=wire(
                {":shard": f"events#{shard}", ":before": text_of(before)}
            ),
            Limit=limit,
        )
        for item in answer["Items"]:
            yield {"pk": item["pk"], "sk": item["sk"]}
