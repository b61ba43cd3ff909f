"""What `GET /v1/models` tells of a pair, beside the schema of its requests."""

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.api.views import model_view
from shared.catalog.load import load_catalog
from shared.domain.offers import Catalog

CATALOG = load_catalog()


def shown(model: str, provider: str, catalog: Catalog = CATALOG) -> dict[str, Any]:
    found = catalog.find(model)
    assert found
    view: dict[str, Any] = json.loads(json.dumps(model_view(found)))["providers"][provider]
    return view


def test_a_price_is_shown_with_its_date_and_source_and_a_missing_one_as_null() -> None:
    assert shown("seedream-4.5", "apixo")["price"] == {
        "usd_per_image": "0.0350",
        "as_of": "2026-11-20",
        "source": "APIXO's page for seedream-4-5: flat rate per generated image",
    }
    assert shown("seedream-4.5", "oxen")["price"] is None


def test_an_operators_price_is_shown_as_such() -> None:
    catalog = CATALOG.priced({"oxen/seedream-4.5": Decimal("0.04")})

    price = shown("seedream-4.5", "oxen", catalog)["price"]

    assert price == {"usd_per_image": "0.04", "as_of": None, "source": "set by the operator"}


@pytest.mark.parametrize(
    ("model", "provider", "timing"),
    [
        ("seedream-4.5", "apixo", [["2K", [25, 35], 20, 4], ["4K", [40, 55], 30, 5]]),
        # A call that waits is never asked about.
        ("seedream-4.5", "aimlapi", [["2K", None, None, None], ["4K", None, None, None]]),
        ("seedream-5-lite", "oxen", [["2K", [5, 30], 1, 2], ["3K", [5, 30], 1, 2]]),
        ("seedream-4", "oxen", [[None, [5, 30], 1, 2]]),
    ],
)
def test_times_are_shown_by_resolution(model: str, provider: str, timing: list[object]) -> None:
    names = ("resolution", "typical_seconds", "first_poll_seconds", "poll_interval_seconds")

    rows = shown(model, provider)["timing"]

    assert [[row[name] for name in names] for row in rows] == timing


@pytest.mark.parametrize(
    ("model", "provider", "images"),
    [
        ("seedream-4.5", "apixo", {"callback": 10, "poll": 10}),
        ("seedream-4.5", "aimlapi", {"sync": 1}),
        ("seedream-4.5", "oxen", {"poll": 4, "stream": 4, "sync": 1}),
    ],
)
def test_how_many_images_one_request_asks_for_depends_on_the_delivery(
    model: str, provider: str, images: dict[str, int]
) -> None:
    view = shown(model, provider)

    assert view["images_per_request"] == images
    assert view["deliveries"] == [*images]


def test_every_field_is_shown_under_the_providers_own_name() -> None:
    apixo, aimlapi = shown("seedream-4.5", "apixo"), shown("seedream-4.5", "aimlapi")

    assert (apixo["wire"]["n"], apixo["wire"]["prompt_optimize"]) == (
        "max_images",
        "prompt_optimize_mode",
    )
    assert apixo["filled"]["mode"] == ["text-to-image", "image-to-image"]
    assert aimlapi["wire"] == {
        "prompt": "prompt",
        "images": "image_urls",
        "n": None,
        "resolution": "image_size",
        "aspect_ratio": "image_size",
        "size": "image_size",
        "seed": "seed",
        "watermark": "watermark",
    }
    assert shown("seedream-5-lite", "oxen")["wire"]["images"] == "image_input"


def test_a_providers_own_ids_are_shown() -> None:
    view = shown("seedream-4-5-251128", "aimlapi")

    assert view["provider_model"] == "bytedance/seedream-4-5"
    assert view["provider_aliases"] == ["seedream-4-5-251128"]


@pytest.mark.parametrize("model", CATALOG.models, ids=lambda model: model.id)
def test_the_schema_has_exactly_the_fields_that_have_a_wire_name(model: Any) -> None:
    for view in model_view(model)["providers"].values():
        assert view["wire"].keys() == view["schema"]["properties"].keys()
