"""A size that Oxen is told by name: both parts of the name are sent, or nothing is paid."""

from typing import Any

import pytest

from shared.catalog.load import load_catalog
from shared.domain.errors import Refused
from tests.unit.providers.exchange import OXEN_OFFER, an_order, oxen, says

LITE = load_catalog().offer("seedream-5-lite", "oxen")
TEXT = {"type": "string"}


def page(**fields: object) -> dict[str, Any]:
    return {"request_schema": {"properties": {"prompt": TEXT, "size": TEXT, **fields}}}


def test_a_size_is_sent_as_the_name_it_has() -> None:
    order = an_order(OXEN_OFFER, size="2848x1600")

    letter = oxen(says(status=500), tells=says(page(aspect_ratio=TEXT))).compose(order)

    assert (letter.body["size"], letter.body["aspect_ratio"]) == ("2K", "16:9")


def test_a_size_whose_aspect_ratio_is_taken_no_longer_is_refused() -> None:
    order = an_order(OXEN_OFFER, size="2848x1600")

    with pytest.raises(Refused, match=r"no longer takes size \(its live schema names: prompt, si"):
        oxen(says(status=500), tells=says(page())).compose(order)


def test_a_size_whose_ratio_has_no_value_any_longer_is_refused() -> None:
    order = an_order(LITE, size="3136x1344")
    ratios = {"type": "string", "enum": ["1:1", "16:9"]}

    with pytest.raises(Refused, match=r"no longer takes size 21:9 \(its live schema names: 1:1, "):
        oxen(says(status=500), tells=says(page(aspect_ratio=ratios))).compose(order)
