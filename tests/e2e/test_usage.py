"""Usage over HTTP: what a tenant's jobs have made and cost, equal to the ledger."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from local.stack import Stack
from tests.e2e.keys import caller

pytestmark = pytest.mark.engine

FOX = {"model": "seedream-4.5", "prompt": "a fox that counts"}


def test_usage_equals_the_ledger(stack: Stack) -> None:
    with caller(stack, tenant="usage-test") as (api, _):
        wishes: list[dict[str, Any]] = [
            {"provider": "apixo", "n": 2, "tags": ["spring"]},
            {"provider": "apixo", "tags": ["spring", "shop"]},
            {"provider": "aimlapi", "tags": ["shop"]},
        ]
        jobs = [api.finished(api.submit(**FOX, **wish)["id"]) for wish in wishes]
        ledger = sum((Decimal(job["cost"]["charged_usd"]) for job in jobs), Decimal(0))

        for by in ("day", "model", "provider", "key"):
            rows = api.get("/v1/usage", params={"group_by": by}).json()["data"]
            assert sum(Decimal(row["spent_usd"]) for row in rows) == ledger
            assert sum(row["images"] for row in rows) == 4
        by_tag = api.get("/v1/usage", params={"group_by": "tag"}).json()["data"]
        as_csv = api.get("/v1/usage", params={"group_by": "provider", "format": "csv"})

    assert {row["tag"]: row["jobs"] for row in by_tag} == {"shop": 2, "spring": 2}
    rows = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert {row["provider"]: row["jobs"] for row in rows} == {"aimlapi": "1", "apixo": "2"}
