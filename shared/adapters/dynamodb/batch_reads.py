"""Reading many rows by their keys, as last written."""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READS_AT_ONCE: Final = 100


def read_many(client: "DynamoDBClient", table: str, keys: Iterable[Item]) -> Iterator[Item]:
    """Yield the rows that are there, in no order; what DynamoDB leaves over is asked for again."""
    for some in batched(keys, _READS_AT_ONCE):
        wanted: list[Any] = list(some)
        while wanted:
            request: Any = {table: {"Keys": wanted, "ConsistentRead": True}}
            answer: Any = client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table, [])
            wanted = list(answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", []))
