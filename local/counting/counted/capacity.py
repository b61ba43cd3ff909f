"""Capacity units of one answer of DynamoDB.

The embedded engine tells of each write what DynamoDB would: a unit for each started kilobyte of the
larger of the old and the new row, two in a transaction, and one for each started kilobyte of an
entry that an index gets, loses or changes. Of a read it tells the least that any read takes. So
reads are worked out here, by DynamoDB's published rule: one unit for each started 4 kB of what
came, rounded up for each row that was asked for by its key and once for all that a question brings;
half of that where the newest state is not asked for. What is only counted does not come: it is
taken for entries of the index of what is due, the one thing that is counted.
"""

from collections.abc import Mapping
from typing import Any, Final

READ: Final = "read"
TABLE: Final = "table"  # written there; what is written to an index stands under the index's name

WRITES: Final = frozenset(
    {"BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"}
)
ENTRY: Final = 300  # bytes of one of what is due, its tasks among them
_READ_UNIT: Final = 4096  # bytes
_NESTED: Final = 1  # bytes for each element, and three for the list or map itself
_NESTING: Final = 3


def units(operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, float]:
    """Return what a call took, by where; `asked` and `answer` are botocore's."""
    if operation in WRITES:
        return _written(answer)
    is_newest = asked.get("ConsistentRead", False)
    match operation:
        case "GetItem":
            return {READ: _read([answer.get("Item", {})], is_newest=is_newest)}
        case "Query" | "Scan" if asked.get("Select") == "COUNT":
            return {READ: _started(answer["ScannedCount"] * ENTRY, is_newest=is_newest)}
        case "Query" if "FilterExpression" not in asked:
            return {READ: _started(sum(map(item_bytes, answer["Items"])), is_newest=is_newest)}
        case "BatchGetItem":
            return {READ: sum(_read_batch(asked, answer))}
        case _:
            raise ValueError(f"there is no rule for {operation}")


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size that DynamoDB counts: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _written(answer: Mapping[str, Any]) -> dict[str, float]:
    consumed = answer["ConsumedCapacity"]
    taken: dict[str, float] = {}
    for table in consumed if isinstance(consumed, list) else [consumed]:
        indexes = table.get("GlobalSecondaryIndexes", {})
        entries = {name: index["CapacityUnits"] for name, index in indexes.items()}
        rows = table["CapacityUnits"] - sum(entries.values())
        for place, count in {TABLE: rows, **entries}.items():
            taken[place] = taken.get(place, 0.0) + count
    return taken


def _read_batch(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> "list[float]":
    left_over = answer.get("UnprocessedKeys", {})
    taken = []
    for table, request in asked["RequestItems"].items():
        found = answer["Responses"].get(table, [])
        processed = len(request["Keys"]) - len(left_over.get(table, {}).get("Keys", []))
        missing: list[Mapping[str, Any]] = [{}] * (processed - len(found))
        is_newest = request.get("ConsistentRead", False)
        taken.append(_read([*found, *missing], is_newest=is_newest))
    return taken


def _read(rows: "list[Mapping[str, Any]]", *, is_newest: bool) -> float:
    return sum(_started(item_bytes(row), is_newest=is_newest) for row in rows)


def _started(size: int, *, is_newest: bool) -> float:
    """What is not there takes as much as the smallest row."""
    whole = max(1, -(-size // _READ_UNIT))
    return whole if is_newest else whole / 2


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _NESTING + sum(_NESTED + _value_bytes(one) for one in content)
        case "M":
            return _NESTING + _NESTED * len(content) + item_bytes(content)
        case _:
            raise ValueError(f"no row holds a {kind}")


def _number_bytes(text: str) -> int:
    """Two digits lie in a byte; zeros at either end lie nowhere."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return 1 + -(-len(digits) // 2) + text.startswith("-")
