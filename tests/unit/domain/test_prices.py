"""Prices: published ones with date and source, an operator's own, and none where none is known."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.catalog.load import load_catalog
from shared.domain.offers import Price
from shared.domain.prices import prices_of

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
OXEN = CATALOG.offer("seedream-4.5", "oxen")
OFFERS = [offer for model in CATALOG.models for offer in model.offers]


def test_an_estimate_is_exact_and_a_missing_price_is_not_zero() -> None:
    assert APIXO.estimate(3) == Decimal("0.1050")
    assert OXEN.estimate(3) is None
    assert replace(APIXO, price=None).estimate(0) is None


def test_only_published_prices_are_known_and_each_has_its_date_and_source() -> None:
    prices = {(o.model, o.provider): o.price for o in OFFERS if o.price}

    assert {pair: price.usd_per_image for pair, price in prices.items()} == {
        ("seedream-4.5", "apixo"): Decimal("0.0350"),
        ("seedream-4.5", "aimlapi"): Decimal("0.042"),
    }
    assert all(price.as_of and price.source for price in prices.values())


def test_an_operators_price_counts_and_says_where_it_is_from() -> None:
    catalog = CATALOG.priced({"oxen/seedream-4": Decimal("0.03")})

    price = catalog.offer("seedream-4", "oxen").price
    assert price == Price(usd_per_image=Decimal("0.03"), source="set by the operator")
    assert catalog.offer("seedream-4.5", "apixo") == APIXO
    assert CATALOG.offer("seedream-4", "oxen").price is None


@pytest.mark.parametrize("pair", ["oxen/seedream-9", "apixo/seedream-4", "seedream-4", ""])
def test_a_price_for_what_is_not_there_is_an_error_that_names_it(pair: str) -> None:
    with pytest.raises(ValueError, match=f"^{pair} is not in the catalogue, which holds aimlapi/"):
        CATALOG.priced({pair: Decimal(1)})


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("", {}),
        (" , ", {}),
        ("oxen/seedream-4=0.03", {"oxen/seedream-4": Decimal("0.03")}),
        (
            "oxen/seedream-4=0.03, oxen/seedream-4.5 = 0.04,",
            {"oxen/seedream-4": Decimal("0.03"), "oxen/seedream-4.5": Decimal("0.04")},
        ),
        ("apixo/seedream-4.5=0", {"apixo/seedream-4.5": Decimal(0)}),
        ("a/b=0.000001", {"a/b": Decimal("0.000001")}),
    ],
)
def test_prices_are_read_as_an_operator_writes_them(text: str, prices: dict[str, Decimal]) -> None:
    assert prices_of(text) == prices


@pytest.mark.parametrize(
    "part",
    [
        "oxen/seedream-4",
        "oxen/seedream-4=",
        "oxen/seedream-4=-0.03",
        "oxen/seedream-4=0.03 USD",
        "oxen/seedream-4=$0.03",
        "oxen/seedream-4=NaN",
        "oxen/seedream-4=1e3",
        "oxen/seedream-4=.03",
        "oxen/seedream-4=0.0300000",
        "oxen/seedream-4=\N{ARABIC-INDIC DIGIT ONE}",
        "seedream-4=0.03",
        "=0.03",
        "oxen/seedream-4=0.03=0.04",
        "oxen/seedream-4=0.03;oxen/seedream-4.5=0.04",
    ],
)
def test_a_part_that_is_no_price_is_named(part: str) -> None:
    with pytest.raises(ValueError, match="is no price: write provider/model") as caught:
        prices_of(f"apixo/seedream-4.5=0.035,{part}")

    assert str(caught.value).startswith(repr(part))


def test_two_prices_for_one_pair_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"^oxen/seedream-4 has two prices$"):
        prices_of("oxen/seedream-4=0.03,oxen/seedream-4=0.04")
