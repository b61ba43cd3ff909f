"""What the embedded engine tells of a write is what DynamoDB's published rule says it takes.

Without that the counted units in docs/cost.md would be the engine's alone. moto is no help: it
tells one unit, whatever is written.
"""

from collections import Counter
from typing import Any

import pytest

from local.counting.counted.calls import REFUSED, SENT, TAKEN, listen
from local.counting.counted.capacity import item_bytes
from shared.adapters.dynamodb.items import job_item
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.domain.errors import VersionConflict
from tests.contract.aws import Aws
from tests.contract.samples import a_job, claimed, submitted

pytestmark = pytest.mark.engine

KEY = {"pk": {"S": "row"}, "sk": {"S": "row"}}
LISTED = ("pk", "sk", "tenant", "job_id", "document")
DUE = {"due_shard": {"S": "jobs#0"}, "due_at": {"S": "2026-11-20"}}


class Counting:
    """A table, and a client whose calls are written down."""

    def __init__(self, url: str) -> None:
        aws = Aws(url)
        self.client, self.table = aws.dynamodb, aws.new_table()
        self.told: list[tuple[str, str, Any]] = []
        listen(self.client.meta.events, lambda *what: self.told.append(what))

    def put(self, **attributes: Any) -> dict[str, float]:
        self.client.put_item(TableName=self.table, Item=KEY | attributes)
        return self.taken()

    def taken(self) -> dict[str, float]:
        """Return the units of the last call, without the places where it took none."""
        kind, _, units = self.told[-1]
        assert kind == TAKEN
        return {place: count for place, count in units.items() if count}


@pytest.fixture
def counting(ministack: Aws) -> Counting:
    return Counting(ministack.dynamodb.meta.endpoint_url)


def filled_to(size: int) -> dict[str, Any]:
    """An attribute that makes the row so large."""
    return {"x": {"S": "x" * (size - item_bytes(KEY) - 1)}}


@pytest.mark.parametrize(("size", "taken"), [(100, 1), (1024, 1), (1025, 2), (3000, 3)])
def test_a_write_takes_a_unit_for_each_started_kb(
    counting: Counting, size: int, taken: int
) -> None:
    assert counting.put(**filled_to(size)) == {"table": taken}


def test_the_larger_of_the_old_row_and_the_new_one_counts(counting: Counting) -> None:
    assert counting.put(**filled_to(2000)) == {"table": 2}
    assert counting.put(**filled_to(100)) == {"table": 2}
    assert counting.put(**filled_to(5000)) == {"table": 5}

    counting.client.delete_item(TableName=counting.table, Key=KEY)
    assert counting.taken() == {"table": 5}


def test_an_update_takes_what_the_whole_row_does(counting: Counting) -> None:
    counting.put(**filled_to(2000))

    counting.client.update_item(
        TableName=counting.table,
        Key=KEY,
        UpdateExpression="ADD jobs :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    assert counting.taken() == {"table": 2}


def test_an_index_takes_units_when_its_entry_changes_and_only_then(counting: Counting) -> None:
    counting.put()

    assert counting.put(**DUE) == {"table": 1, "due": 1}
    assert counting.put(**DUE, **filled_to(2000)) == {"table": 2}  # `x` is not in that index
    assert counting.put(**DUE, model={"S": "seedream-4"}) == {"table": 2, "due": 1}
    moved = DUE | {"due_at": {"S": "2026-11-21"}}
    assert counting.put(**moved) == {"table": 1, "due": 2}  # taken out there, put in here
    assert counting.put() == {"table": 1, "due": 1}


def test_in_a_transaction_a_row_takes_twice_and_its_entries_once(counting: Counting) -> None:
    rows = [KEY | DUE | filled_to(1500), KEY | {"sk": {"S": "another"}}]
    writes: Any = [{"Put": {"TableName": counting.table, "Item": row}} for row in rows]

    counting.client.transact_write_items(TransactItems=writes)

    assert counting.taken() == {"table": 2 * 2 + 2 * 1, "due": 1}


def test_a_batch_takes_what_its_writes_take(counting: Counting) -> None:
    rows = [KEY | DUE | filled_to(1500), KEY | {"sk": {"S": "another"}}]
    requests: Any = [{"PutRequest": {"Item": row}} for row in rows]

    counting.client.batch_write_item(RequestItems={counting.table: requests})

    assert counting.taken() == {"table": 2 + 1, "due": 1}


def test_the_index_of_a_tenants_jobs_holds_the_whole_document(counting: Counting) -> None:
    job = a_job()
    size = item_bytes(job_item(job))
    entry = item_bytes({name: job_item(job)[name] for name in LISTED})

    DynamoJobStore(counting.client, table=counting.table).add(job)

    taken = counting.taken()
    assert taken["tenant-jobs"] == -(-entry // 1024)
    assert taken["table"] > 2 * -(-size // 1024)  # its event and its usage besides
    assert taken["due"] == 1 + 1  # the job's, and its event's


def test_to_be_counted_changes_neither_calls_nor_bytes(counting: Counting) -> None:
    sizes: Counter[str] = Counter()
    plain = Aws(counting.client.meta.endpoint_url).dynamodb

    def note(request: Any, **_: Any) -> None:
        sizes["plain"] += int(request.headers["Content-Length"])

    plain.meta.events.register("before-send.dynamodb", note)
    for client in (plain, counting.client):
        client.put_item(TableName=counting.table, Item=KEY)
        client.get_item(TableName=counting.table, Key=KEY)

    sent = [what for kind, _, what in counting.told if kind == SENT]
    assert (len(sent), sum(sent)) == (2, sizes["plain"])


def test_of_what_was_refused_nobody_knows_the_units(counting: Counting) -> None:
    store, job = DynamoJobStore(counting.client, table=counting.table), a_job()
    store.add(job)

    with pytest.raises(VersionConflict):
        store.save(submitted(claimed(job)), was=claimed(job))

    assert counting.told[-1][0] == REFUSED
