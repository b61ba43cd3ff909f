"""What accounts announce is what events/schemas/ promises and events/emitted/ shows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.domain.account import THRESHOLDS, Account
from shared.domain.events import SOURCE, budget_alarm
from shared.domain.ids import KeyId

SCHEMA = json.loads(Path("events/schemas/budget-event.json").read_bytes())
SAMPLE = json.loads(Path("events/emitted/budget.threshold.json").read_bytes())
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def detail(threshold: int = 80, *, window: str = "2026-11") -> dict[str, Any]:
    account = Account(
        key_id=KeyId("0001020304050607"),
        window=window,
        budget=70_000,
        committed=70_000,
        spent=35_000,
    )
    event = budget_alarm(account, threshold, tenant="default", at=NOW)
    return json.loads(event.detail)


def complaints(event: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(event)]


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("window", ["2026-11", "2026-12", "total"])
def test_what_is_announced_fits_the_schema(threshold: int, window: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert complaints(detail(threshold, window=window)) == []


def test_the_sample_is_what_the_bus_hands_on() -> None:
    assert SAMPLE["detail"] == detail()
    assert (SAMPLE["source"], SAMPLE["detail-type"]) == (SOURCE, "budget.threshold")
    assert datetime.fromisoformat(SAMPLE["time"]) == NOW


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"threshold": 90}, id="another threshold"),
        pytest.param({"spent_usd": 0.035}, id="a number for money"),
        pytest.param({"window": "november"}, id="another window"),
        pytest.param({"secret": "x"}, id="one field more"),
    ],
)
def test_the_schema_refuses_another_budget(change: dict[str, Any]) -> None:
    event = detail()
    event["data"] |= change

    assert complaints(event)
