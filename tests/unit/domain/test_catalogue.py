"""The catalogue holds what the providers' own pages say."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from shared.catalog import load
from shared.catalog.load import load_catalog
from shared.domain.field_rules import FieldRule
from shared.domain.offers import Model, Offer, Pacing, Price
from shared.domain.sizes import PixelLimits
from shared.domain.wanted import JobInput

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
OFFERS = [offer for model in CATALOG.models for offer in model.offers]
BY_NAME = pytest.mark.parametrize("offer", OFFERS, ids=lambda o: f"{o.model} at {o.provider}")
OPTIONAL = {field.name for field in fields(JobInput)} - {"prompt", "images", "n"}

# Every field of every page, and what it holds: `...` for any integer, any flag or any text.
PAGES: dict[tuple[str, str], dict[str, Any]] = {
    ("seedream-4.5", "apixo"): {
        "request_type": ["async", "callback"],
        "callback_url": [],
        "mode": ["text-to-image", "image-to-image"],
        "prompt": 5000,
        "image_urls": 14,
        "max_images": 10,
        "resolution": ["2K", "4K"],
        "aspect_ratio": ["1:1", "2:3", "3:2", "4:3", "3:4", "9:16", "16:9", "21:9"],
        "size": ["2K", "4K"],
        "sequential_image_generation": ["disabled", "auto"],
        "prompt_optimize_mode": ["standard"],
    },
    ("seedream-4.5", "aimlapi"): {
        "prompt": 5000,
        "image_urls": 14,
        "image_size": ["2K", "4K"],
        "response_format": ["url"],
        "seed": ...,
        "watermark": ...,
    },
    ("seedream-4", "oxen"): {"prompt": 5000, "input_image": 14, "num_generations": 10},
    ("seedream-4.5", "oxen"): {
        "prompt": 5000,
        "input_image": 10,
        "num_generations": 10,
        "aspect_ratio": ["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "match_input_image"],
        "size": ["2K", "4K"],
        "seed": ...,
    },
    ("seedream-5-lite", "oxen"): {
        "prompt": 5000,
        "image_input": 14,
        "num_generations": 10,
        "size": ["2K", "3K"],
        "aspect_ratio": [
            "match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9",
        ],
        "output_format": ["png", "jpeg"],
    },
}  # fmt: skip


def fields_on_the_wire(offer: Offer) -> dict[str, Any]:
    told: dict[str, Any] = {wire: list(values) for wire, values in offer.filled.items()}
    told |= {"prompt": offer.max_prompt, offer.references_wire: offer.max_references}
    if offer.count_wire:
        told[offer.count_wire] = offer.max_images
    # Where several of our fields share one of theirs, the first names its words.
    for rule in offer.rules.values():
        told.setdefault(rule.wire, sorted(rule.values) or ...)
    return told


@BY_NAME
def test_every_field_of_a_providers_page_is_in_the_catalogue_and_no_other(offer: Offer) -> None:
    page = PAGES[offer.model, offer.provider]

    told = fields_on_the_wire(offer)

    assert {name: sorted(v) if isinstance(v, list) else v for name, v in told.items()} == {
        name: sorted(v) if isinstance(v, list) else v for name, v in page.items()
    }


@pytest.mark.parametrize(
    ("model", "provider", "defaults"),
    [
        ("seedream-4", "oxen", {}),
        ("seedream-4.5", "apixo", {}),
        ("seedream-4.5", "aimlapi", {"resolution": "2K", "watermark": False}),
        ("seedream-4.5", "oxen", {"resolution": "4K", "aspect_ratio": "1:1"}),
        (
            "seedream-5-lite",
            "oxen",
            {"resolution": "2K", "aspect_ratio": "match_input_image", "output_format": "png"},
        ),
    ],
)
def test_what_holds_where_nothing_is_said_is_the_providers_own_default(
    model: str, provider: str, defaults: dict[str, object]
) -> None:
    rules = CATALOG.offer(model, provider).rules

    assert {name: r.implied for name, r in rules.items() if r.implied is not None} == defaults


def test_only_apixo_is_told_something_that_nobody_asked_for() -> None:
    told = {offer.provider: offer.wire_fields(JobInput(prompt="a fox")) for offer in OFFERS}

    assert told == {"oxen": {}, "apixo": {"resolution": "2K"}, "aimlapi": {}}
    assert APIXO.asked_fields(JobInput(prompt="a fox")) == {}


def test_apixo_is_asked_as_its_page_recommends() -> None:
    two, four = APIXO.pacing, APIXO.pacing_by_resolution["4K"]

    assert (two.typical, two.first_poll) == ((25, 35), 20)
    assert 3 <= two.interval <= 5
    assert (four.typical, four.first_poll, four.interval) == ((40, 55), 30, 5)


@BY_NAME
def test_a_size_with_a_name_is_one_of_a_resolution_and_a_ratio_that_the_model_has(
    offer: Offer,
) -> None:
    rules = offer.rules
    named = {
        str(size)
        for resolution in (rules["resolution"].values if rules else ())
        for ratio, size in offer.presets.get(resolution, {}).items()
        if ratio in rules["aspect_ratio"].values
    }
    listed = {value for rule in rules.values() for value in rule.values if "x" in value}

    assert listed in ({*()}, named)


def test_no_line_of_the_file_is_overlooked() -> None:
    content = json.loads(Path(load.__file__).with_name("models.json").read_bytes())
    known = {
        field.name
        for kind in (Model, Offer, FieldRule, Pacing, PixelLimits, Price)
        for field in fields(kind)
    }
    free = {*OPTIONAL, "4K"} | {name for offer in OFFERS for name in offer.filled}

    assert names_in(content["models"]) <= known | free


def names_in(content: object) -> set[str]:
    if isinstance(content, list):
        return set().union(*map(names_in, content))
    if isinstance(content, dict):
        return content.keys() | names_in([*content.values()])
    return set()


def test_a_model_is_found_by_its_id_and_by_every_providers_own() -> None:
    for model in CATALOG.models:
        own = {name for o in model.offers for name in (o.provider_model, *o.provider_aliases)}
        assert all(CATALOG.find(name) is model for name in {model.id, *model.aliases, *own})
        assert own == set(model.aliases)
    assert CATALOG.find("seedream-9") is None
    assert CATALOG.find("") is None


def test_no_name_means_two_models() -> None:
    names = [name for model in CATALOG.models for name in (model.id, *model.aliases)]

    assert len(names) == len(set(names))


def test_a_pair_that_is_not_there_is_not_made_up() -> None:
    with pytest.raises(KeyError):
        CATALOG.offer("seedream-4", "apixo")


@BY_NAME
def test_the_rules_of_a_pair_are_about_fields_that_a_request_has(offer: Offer) -> None:
    assert set(offer.rules) <= OPTIONAL
    for rule in offer.rules.values():
        assert bool(rule.values) is not (rule.integer or rule.boolean)
        unsaid = [value for value in (rule.default, rule.implied) if value is not None]
        assert [rule.complaint(value) for value in unsaid] in ([], [None])
    assert 1 <= offer.images_per_submission <= offer.max_images
