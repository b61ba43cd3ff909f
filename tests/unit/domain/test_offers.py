"""The catalogue's rules: what a model can do at a provider, and what it is told to do there."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.api.views import offer_schema
from shared.catalog.load import load_catalog
from shared.domain.offers import FieldRule, Offer
from shared.domain.wanted import JobInput

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
OXEN = CATALOG.offer("seedream-4.5", "oxen")
LITE = CATALOG.offer("seedream-5-lite", "oxen")
SEEDREAM_4 = CATALOG.offer("seedream-4", "oxen")
OFFERS = [offer for model in CATALOG.models for offer in model.offers]
BY_NAME = pytest.mark.parametrize("offer", OFFERS, ids=lambda o: f"{o.model} at {o.provider}")
RATIOS = "1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9, 21:9"
LINK = "https://example.com/a.png"


def wish(*, references: int = 0, **wanted: Any) -> JobInput:
    return JobInput(**{"prompt": "a fox", "images": (LINK,) * references, **wanted})


def complaints(offer: Offer, wanted: JobInput) -> list[tuple[str, str, str]]:
    return [(error.pointer, error.code, error.message) for error in offer.complaints(wanted)]


# --- limits


@pytest.mark.parametrize(
    ("offer", "wanted"),
    [
        (APIXO, wish()),
        (APIXO, wish(prompt="x" * 5000, references=14, n=10)),
        (APIXO, wish(resolution="4K", aspect_ratio="21:9", sequential="disabled")),
        (APIXO, wish(references=14, n=1, sequential="auto", prompt_optimize="standard")),
        (APIXO, wish(references=14, n=2, sequential="disabled")),
        (APIXO, wish(size="2K")),
        (APIXO, wish(size="1920x1920")),
        (APIXO, wish(size="4096X4096")),
        (APIXO, wish(size="16384*1024")),
        (OXEN, wish(references=10, size="4K", aspect_ratio="match_input_image", seed=-7)),
        (LITE, wish(references=14, resolution="3K", output_format="jpeg")),
        (SEEDREAM_4, wish(references=14, n=10)),
    ],
)
def test_what_is_within_every_limit_is_no_reason_to_complain(
    offer: Offer, wanted: JobInput
) -> None:
    assert complaints(offer, wanted) == []


@pytest.mark.parametrize(
    ("offer", "wanted", "complaint"),
    [
        (
            APIXO,
            wish(prompt="x" * 5001),
            ("/prompt", "too_long", "5001 characters; at most 5000 are allowed"),
        ),
        (
            OXEN,
            wish(references=11),
            ("/images", "too_many", "11 references; seedream-4.5 at oxen takes at most 10"),
        ),
        (
            APIXO,
            wish(references=14, n=2, sequential="auto"),
            (
                "/images",
                "too_many",
                "14 references and 2 images; with sequential auto both together may be at most 15",
            ),
        ),
        (APIXO, wish(n=11), ("/n", "too_many", "at most 10 images")),
        (
            APIXO,
            wish(resolution="3K"),
            ("/resolution", "not_allowed", "must be one of 2K, 4K"),
        ),
        (
            APIXO,
            wish(aspect_ratio="match_input_image"),
            ("/aspect_ratio", "not_allowed", f"must be one of {RATIOS}"),
        ),
        (
            APIXO,
            wish(size="3K"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="2048 x 2048"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="\N{ARABIC-INDIC DIGIT TWO}048x2048"),
            ("/size", "not_allowed", "must be 2K, 4K or WIDTHxHEIGHT"),
        ),
        (
            APIXO,
            wish(size="1024x1024"),
            (
                "/size",
                "not_allowed",
                "1024x1024 has 1048576 pixels; allowed are 3686400 to 16777216",
            ),
        ),
        (
            APIXO,
            wish(size="4097x4096"),
            (
                "/size",
                "not_allowed",
                "4097x4096 has 16781312 pixels; allowed are 3686400 to 16777216",
            ),
        ),
        (
            APIXO,
            wish(size="500x8001"),
            ("/size", "not_allowed", "sides may differ at most 16 to 1"),
        ),
        (
            OXEN,
            wish(size="2048x2048"),
            ("/size", "not_allowed", "must be one of 2K, 4K"),
        ),
        (OXEN, wish(seed=True), ("/seed", "not_allowed", "must be an integer")),
        (
            APIXO,
            wish(seed=1),
            ("/seed", "unsupported", "seedream-4.5 at apixo does not take this field"),
        ),
        (
            APIXO,
            wish(output_format="png"),
            ("/output_format", "unsupported", "seedream-4.5 at apixo does not take this field"),
        ),
        (
            OXEN,
            wish(sequential="disabled"),
            ("/sequential", "unsupported", "seedream-4.5 at oxen does not take this field"),
        ),
        (
            SEEDREAM_4,
            wish(watermark=False),
            ("/watermark", "unsupported", "seedream-4 at oxen does not take this field"),
        ),
    ],
)
def test_each_limit_that_is_passed_is_named_with_its_field(
    offer: Offer, wanted: JobInput, complaint: tuple[str, str, str]
) -> None:
    assert complaints(offer, wanted) == [complaint]


def test_every_limit_is_told_at_once() -> None:
    wanted = wish(prompt="x" * 5001, references=15, n=11, resolution="1K", seed=1)

    pointers = [error.pointer for error in APIXO.complaints(wanted)]
    assert pointers == ["/prompt", "/images", "/n", "/resolution", "/seed"]


def test_a_flag_is_true_or_false_and_nothing_that_looks_alike() -> None:
    rule = FieldRule(wire="watermark", boolean=True)

    assert (rule.complaint(True), rule.complaint(False)) == (None, None)  # noqa: FBT003
    assert {rule.complaint(value) for value in (0, 1, "true", "")} == {"must be true or false"}


# --- on the wire


@pytest.mark.parametrize(
    ("offer", "wanted", "wire"),
    [
        (APIXO, wish(), {"resolution": "2K"}),
        (APIXO, wish(size="2048*2048"), {"size": "2048*2048"}),
        (
            APIXO,
            wish(resolution="4K", sequential="auto", prompt_optimize="standard"),
            {
                "resolution": "4K",
                "sequential_image_generation": "auto",
                "prompt_optimize_mode": "standard",
            },
        ),
        (OXEN, wish(), {}),
        (OXEN, wish(resolution="4K", seed=0), {"size": "4K", "seed": 0}),
        (OXEN, wish(size="2K"), {"size": "2K"}),
        (LITE, wish(resolution="3K", output_format="png"), {"size": "3K", "output_format": "png"}),
        (SEEDREAM_4, wish(n=4, references=2), {}),
    ],
)
def test_fields_go_out_under_the_providers_own_names(
    offer: Offer, wanted: JobInput, wire: dict[str, object]
) -> None:
    assert offer.wire_fields(wanted) == wire


# --- the schema that readers see


def values_near(rule: FieldRule | None) -> st.SearchStrategy[object]:
    """Draw what a rule allows, and what it does not."""
    sizes = st.from_regex(r"[0-9]{1,5}[xX*][0-9]{1,5}", fullmatch=True)
    allowed = st.sampled_from(rule.values) if rule and rule.values else st.nothing()
    others = st.sampled_from(["2K", "3K", "4K", "1:1", "png", "auto", "standard", ""])
    return st.none() | allowed | others | sizes | st.integers() | st.booleans()


FIELDS = ["resolution", "aspect_ratio", "size", "seed", "output_format", "watermark"]
FIELDS += ["sequential", "prompt_optimize"]


@BY_NAME
@settings(deadline=None)
@given(data=st.data())
def test_the_schema_allows_what_is_not_complained_of(offer: Offer, data: st.DataObject) -> None:
    fields = {name: data.draw(values_near(offer.rules.get(name)), label=name) for name in FIELDS}
    request: dict[str, Any] = {
        "prompt": "x" * data.draw(st.integers(1, 5002)),
        "images": [LINK] * data.draw(st.integers(0, 16)),
        "n": data.draw(st.integers(1, 12)),
        **{name: value for name, value in fields.items() if value is not None},
    }
    wanted = JobInput(**{**request, "images": tuple(request["images"])})

    told = {error.pointer for error in offer.complaints(wanted)}
    refused = refused_by_schema(offer, request)

    assert refused <= told
    # What no schema can say: how large a size is, and what a sequence may be in all.
    assert told - refused <= beyond_schema(offer, wanted)


def refused_by_schema(offer: Offer, request: dict[str, Any]) -> set[str]:
    schema = offer_schema(offer)
    unknown = {f"/{name}" for name in request.keys() - schema["properties"].keys()}
    problems = Draft202012Validator(schema).iter_errors(request)
    return set().union(*({f"/{p.path[0]}"} if p.path else unknown for p in problems))


def beyond_schema(offer: Offer, wanted: JobInput) -> set[str]:
    marks = ("pixels", "sides", "together")
    errors = offer.complaints(wanted)
    return {error.pointer for error in errors if any(mark in error.message for mark in marks)}


@BY_NAME
def test_the_schema_is_one_and_its_defaults_are_allowed(offer: Offer) -> None:
    schema = offer_schema(offer)
    Draft202012Validator.check_schema(schema)
    defaults = {
        name: rule["default"] for name, rule in schema["properties"].items() if "default" in rule
    }

    assert complaints(offer, wish(**defaults)) == []


# --- the catalogue


def test_a_model_is_found_by_its_id_and_by_every_providers_own() -> None:
    for model in CATALOG.models:
        names = {model.id, *model.aliases, *(offer.provider_model for offer in model.offers)}
        assert all(CATALOG.find(name) is model for name in names)
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
    assert set(offer.rules) <= set(FIELDS)
    for rule in offer.rules.values():
        assert bool(rule.values) is not (rule.integer or rule.boolean)
        assert rule.default is None or rule.default in rule.values
    assert 1 <= offer.images_per_submission <= offer.max_images


def test_an_estimate_is_exact_and_a_missing_price_is_not_zero() -> None:
    assert APIXO.estimate(3) == Decimal("0.1050")
    assert OXEN.estimate(3) is None
    assert replace(APIXO, price=None).estimate(0) is None
