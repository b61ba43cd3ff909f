"""What AI/ML API says that an image has cost: a header, or one of two numbers in the body."""

import json
from decimal import Decimal

import pytest

from shared.domain.submission import Made
from tests.unit.providers.exchange import AIMLAPI_OFFER, Does, aimlapi, an_order, says, submitted

USAGE = {"credits_used": 84000, "usd_spent": 0.042}


def made_by(does: Does) -> Made:
    made = submitted(aimlapi(does), an_order(AIMLAPI_OFFER)).made
    assert made
    return made


@pytest.mark.parametrize(
    ("header", "usage", "charged"),
    [
        ("0.042000000", USAGE, "0.042"),
        ("0.0455", USAGE, "0.0455"),
        (None, USAGE, "0.042"),
        (None, {"credits_used": 84000}, "0.042"),
        (None, {"credits_used": 84000.0, "usd_spent": None}, "0.042"),
        (None, {"credits_used": 1}, "0.0000005"),
        (None, {"credits_used": 0}, "0"),
        ("0", USAGE, "0"),
        ("a lot", USAGE, "0.042"),
        (None, {"credits_used": 84000, "usd_spent": -1}, "0.042"),
        (None, {}, None),
        (None, None, None),
        ("-1", None, None),
        ("1e3", None, None),
        ("1001", None, None),
        ("NaN", None, None),
        ("9" * 400, None, None),
        (None, {"usd_spent": "0.042"}, "0.042"),
        (None, {"usd_spent": True}, None),
        (None, {"usd_spent": [0.042]}, None),
        (None, {"usd_spent": 10**30}, None),
        (None, {"usd_spent": float("inf")}, None),
        (None, {"credits_used": True}, None),
        (None, {"credits_used": "84000"}, None),
        (None, {"credits_used": -84000}, None),
        (None, {"credits_used": 10**30}, None),
    ],
)
def test_what_it_has_cost_is_read_from_where_it_is_told_and_nonsense_is_nothing(
    header: str | None, usage: object, charged: str | None
) -> None:
    body = {"data": [{"url": "https://cdn.aimlapi.example/a.jpeg"}], "meta": {"usage": usage}}
    does = says(body) if header is None else says(body, x_aimlapi_usd_spent=header)

    told = made_by(does).charged_usd

    assert (None if told is None else f"{told:f}") == charged


@pytest.mark.parametrize(
    ("number", "charged"),
    [
        ("0.042", Decimal("0.042")),
        ("0.04200000000000000122", Decimal("0.042")),  # what floats make of it
        ("4.2e-2", Decimal("0.042")),
        ("1e-400", Decimal(0)),
        ("1e400", None),
        ("1e99999999999999999999999", None),
        ("-0.0", Decimal(0)),
        ("9" * 5000, None),
    ],
)
def test_a_sum_is_read_as_it_was_written(number: str, charged: Decimal | None) -> None:
    text = json.dumps({"data": None, "meta": {"usage": {"usd_spent": "?"}}})

    assert made_by(says(text.replace('"?"', number).encode())).charged_usd == charged


def test_nothing_made_at_a_cost_is_told_with_the_cost() -> None:
    made = made_by(says({"data": None, "meta": {"usage": USAGE}}))

    assert made == Made(urls=(), charged_usd=Decimal("0.042"))
