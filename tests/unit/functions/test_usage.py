"""GET /v1/usage: what a tenant's jobs have made and cost."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.functions.front_door import FrontDoor


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def usage(door: FrontDoor, key: dict[str, Any], **query: str) -> Any:
    answer = door.call("GET", "/v1/usage", key=key["key"], query=query)
    assert answer.status == 200, answer.body
    return answer.json


def test_usage_is_of_this_month_by_day_unless_asked_otherwise(door: FrontDoor) -> None:
    key = door.make_key()
    door.post(key, n=2)
    door.post(key)
    door.finish_all()
    door.post(key)  # under way

    told = usage(door, key)

    row = {
        "jobs": 2,
        "succeeded": 2,
        "partial": 0,
        "failed": 0,
        "cancelled": 0,
        "expired": 0,
        "images": 3,
        "spent_usd": "0.105000",
        "estimated_usd": "0.000000",
        "jobs_of_unknown_cost": 0,
    }
    assert told == {
        "object": "usage",
        "from": "2026-11-01",
        "to": "2026-11-20",
        "group_by": "day",
        "data": [{"day": "2026-11-20"} | row],
        "total": row,
    }


def test_usage_is_told_by_day_model_provider_key_and_tag(door: FrontDoor) -> None:
    one, two = door.make_key(), door.make_key()
    door.post(one, tags=["spring", "shop"])
    door.post(two, tags=["shop"])
    door.finish_all()
    door.service.time.sleep(timedelta(days=1).total_seconds())
    door.post(two)
    door.finish_all()

    def jobs(by: str) -> dict[str, int]:
        return {row[by]: row["jobs"] for row in usage(door, one, group_by=by)["data"]}

    assert jobs("day") == {"2026-11-20": 2, "2026-11-21": 1}
    assert jobs("model") == {"seedream-4.5": 3}
    assert jobs("provider") == {"apixo": 3}
    assert jobs("key") == {one["id"]: 1, two["id"]: 2}
    assert jobs("tag") == {"shop": 2, "spring": 1}
    # A job with two tags stands twice, so there is no total.
    assert "total" not in usage(door, one, group_by="tag")


def test_usage_equals_the_ledger(door: FrontDoor) -> None:
    key = door.make_key()
    for number in range(6):
        door.post(key, n=1 + number % 3, tags=[f"tag-{number % 2}"])
    door.finish_all()

    jobs = door.service.jobs.newest("default", limit=100, cursor=None).jobs
    ledger = sum((job.charged_usd or Decimal(0) for job in jobs), Decimal(0))

    for by in ("day", "model", "provider", "key", "tag"):
        rows = usage(door, key, group_by=by)["data"]
        assert sum(Decimal(row["spent_usd"]) for row in rows) == ledger == Decimal("0.42")


def test_usage_of_other_tenants_is_not_there(door: FrontDoor) -> None:
    ours, theirs = door.make_key(), door.make_key(tenant="acme")
    door.post(ours)
    door.finish_all()

    assert usage(door, theirs)["data"] == []


def test_usage_comes_as_csv_too(door: FrontDoor) -> None:
    key = door.make_key()
    door.post(key, tags=["=SUM(A1)", 'a, "b"'])
    door.finish_all()

    answer = door.call(
        "GET", "/v1/usage", key=key["key"], query={"group_by": "tag", "format": "csv"}
    )

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body, newline="")))
    # A spreadsheet would compute the first as it is.
    assert [row["tag"] for row in rows] == ["'=SUM(A1)", 'a, "b"']
    assert [row["spent_usd"] for row in rows] == ["0.035000", "0.035000"]


def test_only_the_days_asked_for_are_told(door: FrontDoor) -> None:
    key = door.make_key()
    door.post(key)
    door.finish_all()

    before = usage(door, key, **{"from": "2026-11-01", "to": "2026-11-19"})
    on_it = usage(door, key, **{"from": "2026-11-20", "to": "2026-11-20"})

    assert (before["data"], len(on_it["data"])) == ([], 1)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "yesterday"}, "?from"),
        ({"from": "2026-11-31"}, "?from"),
        ({"to": "20261120"}, "?to"),
        ({"to": "2026-11-20T00:00:00Z"}, "?to"),
        ({"from": "2026-11-20", "to": "2026-11-19"}, "?from"),
        ({"from": "2024-01-01", "to": "2026-01-01"}, "?from"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, None),
        ({"from": "0001-01-01", "to": "0001-01-01"}, None),
        ({"group_by": "colour"}, "?group_by"),
        ({"format": "xml"}, "?format"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(
    door: FrontDoor, query: dict[str, str], pointer: str | None
) -> None:
    answer = door.call("GET", "/v1/usage", key=door.make_key()["key"], query=query)

    if pointer is None:
        assert answer.status == 200
    else:
        assert answer.status == 422
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
