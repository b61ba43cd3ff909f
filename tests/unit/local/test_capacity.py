"""Capacity units of an answer follow from DynamoDB's published rule."""

from pathlib import Path
from typing import Any

import pytest

from local.counting.counted.capacity import ENTRY, item_bytes, units
from local.template_bridge import load_template
from shared.adapters.dynamodb.items import job_item
from shared.domain.job import Job
from tests.contract.samples import a_job, claimed, submitted

NEWEST = {"ConsistentRead": True}
TABLE = load_template(Path("template.yaml"))["Resources"]["Table"]["Properties"]
(DUE,) = [one for one in TABLE["GlobalSecondaryIndexes"] if one["IndexName"] == "due"]
ENTRY_OF_DUE = (
    *(key["AttributeName"] for key in (*TABLE["KeySchema"], *DUE["KeySchema"])),
    *DUE["Projection"]["NonKeyAttributes"],
)


def a_row(size: int) -> dict[str, Any]:
    """A row of so many bytes, its attribute's name among them."""
    return {"a": {"S": "x" * (size - 1)}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "fox"}, 3),
        ({"S": "🦊é"}, 6),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "12345"}, 4),
        ({"N": "-12345"}, 5),
        ({"N": "1700000000"}, 2),
        ({"N": "0.0350"}, 2),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "fox"}, {"N": "7"}]}, 3 + 1 + 3 + 1 + 2),
        ({"M": {}}, 3),
        ({"M": {"name": {"S": "fox"}}}, 3 + 1 + 4 + 3),
    ],
)
def test_a_value_counts_with_the_name_that_it_has(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"größe": value}) == len("größe".encode()) + size


@pytest.mark.parametrize(
    ("size", "asked", "taken"),
    [(1, NEWEST, 1), (4096, NEWEST, 1), (4097, NEWEST, 2), (4096, {}, 0.5), (8193, {}, 1.5)],
)
def test_a_row_takes_a_unit_for_each_started_4_kb(
    size: int, asked: dict[str, Any], taken: float
) -> None:
    assert units("GetItem", asked, {"Item": a_row(size)}) == {"read": taken}


def test_a_row_that_is_not_there_takes_as_much_as_the_smallest() -> None:
    assert units("GetItem", {}, {}) == {"read": 0.5}
    assert units("GetItem", {"ConsistentRead": True}, {}) == {"read": 1}
    assert units("Query", {}, {"Items": []}) == {"read": 0.5}


def test_what_a_question_brings_is_rounded_up_once() -> None:
    assert units("Query", {}, {"Items": [a_row(100)] * 40}) == {"read": 0.5}
    assert units("Query", {}, {"Items": [a_row(100)] * 41}) == {"read": 1}


def test_of_rows_that_are_asked_for_together_each_is_rounded_up() -> None:
    asked = {"RequestItems": {"t": {"Keys": [{}, {}, {}], "ConsistentRead": True}}}
    answer = {"Responses": {"t": [a_row(100), a_row(5000)]}}

    assert units("BatchGetItem", asked, answer) == {"read": 1 + 2 + 1}


def test_what_was_left_over_takes_nothing_yet() -> None:
    asked: Any = {"RequestItems": {"t": {"Keys": [{}, {}]}}}
    answer = {"Responses": {"t": [a_row(100)]}, "UnprocessedKeys": {"t": {"Keys": [{}]}}}

    assert units("BatchGetItem", asked, answer) == {"read": 0.5}


def test_a_write_takes_what_it_is_told_by_where() -> None:
    indexes = {"due": {"CapacityUnits": 2.0}, "tenant-jobs": {"CapacityUnits": 3.0}}
    consumed = {"TableName": "t", "CapacityUnits": 11.0, "GlobalSecondaryIndexes": indexes}
    expected = {"table": 6.0, "due": 2.0, "tenant-jobs": 3.0}

    assert units("PutItem", {}, {"ConsumedCapacity": consumed}) == expected
    assert units("TransactWriteItems", {}, {"ConsumedCapacity": [consumed]}) == expected
    assert units("DeleteItem", {}, {"ConsumedCapacity": {"CapacityUnits": 1.0}}) == {"table": 1.0}


@pytest.mark.parametrize(("entries", "taken"), [(0, 0.5), (13, 0.5), (14, 1), (100, 4)])
def test_what_is_only_counted_is_taken_for_entries_of_what_is_due(
    entries: int, taken: float
) -> None:
    answer = {"Count": 0, "ScannedCount": entries}

    assert units("Scan", {"Select": "COUNT"}, answer) == {"read": taken}


@pytest.mark.parametrize("job", [a_job(), submitted(claimed(a_job()))])
def test_such_an_entry_is_no_larger_than_it_is_taken_for(job: Job) -> None:
    item = job_item(job)
    entry = {name: item[name] for name in ENTRY_OF_DUE if name in item}

    assert item_bytes(entry) <= ENTRY


@pytest.mark.parametrize(
    ("operation", "asked"), [("Scan", {}), ("Query", {"FilterExpression": ""})]
)
def test_what_leaves_out_a_part_of_what_it_reads_has_no_rule(
    operation: str, asked: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"no rule for {operation}"):
        units(operation, asked, {"Items": []})
