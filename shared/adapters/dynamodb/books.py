"""Reading accounts and usage: by key and by day, never by what jobs there are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from shared.adapters.dynamodb.batch_reads import read_many
from shared.adapters.dynamodb.items import plain, wire
from shared.adapters.dynamodb.ledger import account_key, read_account, usage_pk
from shared.domain.account import Account
from shared.domain.ids import KeyId
from shared.domain.usage import COUNTED, Counts, Line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAccounts:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, keys: Mapping[KeyId, str]) -> Mapping[KeyId, Account]:
        found: dict[KeyId, Account] = {}
        wanted = (wire(account_key(key_id, window)) for key_id, window in keys.items())
        for item in read_many(self._client, self._table, wanted):
            row = plain(item)
            key_id, window = KeyId(row["pk"].removeprefix("account#")), row["sk"]
            found[key_id] = read_account(key_id, window, item)
        return found


class DynamoUsageBook:
    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def lines(
        self, tenant: str, *, since: date, until: date, tagged: bool = False
    ) -> Iterable[tuple[Line, Counts]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :since AND :until",
            ExpressionAttributeValues=wire(
                {
                    ":pk": usage_pk(tenant, tagged=tagged),
                    ":since": since.isoformat(),
                    # `$` comes next after the `#` that follows a day.
                    ":until": f"{until.isoformat()}$",
                }
            ),
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(_line, page["Items"])


def _line(item: Mapping[str, Any]) -> tuple[Line, Counts]:
    row = plain(item)
    line = Line(
        day=date.fromisoformat(row["day"]),
        model=row["model"],
        provider=row["provider"],
        key_id=KeyId(row["key_id"]),
        tag=row.get("tag"),
    )
    return line, Counter({name: int(row[name]) for name in COUNTED if name in row})
