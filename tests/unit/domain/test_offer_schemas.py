"""The JSON Schema of a pair says what its rules say, as far as a schema can."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.api.schemas import offer_schema
from shared.catalog.load import load_catalog
from shared.domain.errors import FieldError
from shared.domain.field_rules import FieldRule
from shared.domain.offers import Offer
from shared.domain.wanted import JobInput

CATALOG = load_catalog()
APIXO = CATALOG.offer("seedream-4.5", "apixo")
AIMLAPI = CATALOG.offer("seedream-4.5", "aimlapi")
OXEN = CATALOG.offer("seedream-4.5", "oxen")
LITE = CATALOG.offer("seedream-5-lite", "oxen")
OFFERS = [offer for model in CATALOG.models for offer in model.offers]
BY_NAME = pytest.mark.parametrize("offer", OFFERS, ids=lambda o: f"{o.model} at {o.provider}")
LINK = "https://example.com/a.png"
FIELDS = ["resolution", "aspect_ratio", "size", "seed", "output_format", "watermark"]
FIELDS += ["sequential", "prompt_optimize"]

WORDS = ["2K", "3K", "4K", "1:1", "21:9", "match_input_image", "png", "auto", "standard", ""]


def values_near(name: str, rule: FieldRule | None) -> st.SearchStrategy[object]:
    """Draw what a rule allows, and what it does not."""
    if name in {"seed", "watermark"}:
        return st.none() | st.integers() | st.booleans()
    sizes = st.from_regex(r"[0-9]{1,5}[xX*][0-9]{1,5}", fullmatch=True)
    allowed = st.sampled_from(rule.values) if rule and rule.values else st.nothing()
    return st.none() | allowed | st.sampled_from(WORDS) | sizes


@BY_NAME
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_the_schema_allows_exactly_what_is_not_complained_of(
    offer: Offer, data: st.DataObject
) -> None:
    names = data.draw(st.sets(st.sampled_from(FIELDS), max_size=4))
    fields = {name: data.draw(values_near(name, offer.rules.get(name)), name) for name in names}
    request: dict[str, Any] = {
        "prompt": "x" * data.draw(st.sampled_from([1, 5000, 5001])),
        "images": [LINK] * data.draw(st.integers(0, 16)),
        "n": data.draw(st.integers(1, 12)),
        **{name: value for name, value in fields.items() if value is not None},
    }
    wanted = JobInput(**{**request, "images": tuple(request["images"])})

    told = {error.pointer for error in offer.complaints(wanted) if not is_about_pixels(error)}

    assert refused_by_schema(offer, request) == told


def is_about_pixels(error: FieldError) -> bool:
    """No schema can say how large a size is."""
    marks = ("pixels", "sides")
    return error.pointer == "/size" and any(mark in error.message for mark in marks)


def refused_by_schema(offer: Offer, request: dict[str, Any]) -> set[str]:
    schema = offer_schema(offer)
    unknown = {f"/{name}" for name in request.keys() - schema["properties"].keys()}
    problems = Draft202012Validator(schema).iter_errors(request)
    return set().union(*({f"/{p.path[0]}"} if p.path else unknown for p in problems))


@pytest.mark.parametrize(
    ("offer", "request_"),
    [
        (APIXO, {"images": [LINK] * 14, "n": 2, "sequential": "auto"}),
        (APIXO, {"images": [LINK] * 6, "n": 10, "sequential": "auto"}),
        (APIXO, {"size": "2K", "resolution": "2K"}),
        (AIMLAPI, {"aspect_ratio": "16:9", "resolution": "4K"}),
        (AIMLAPI, {"aspect_ratio": "21:9"}),
        (OXEN, {"size": "3136x1344"}),
        (OXEN, {"size": "2048 x 2048"}),
        (LITE, {"size": "4096*4096"}),
    ],
)
def test_the_schema_knows_what_is_wrong_together_and_which_sizes_have_names(
    offer: Offer, request_: dict[str, Any]
) -> None:
    assert refused_by_schema(offer, {"prompt": "a fox", **request_}) != set()


@BY_NAME
def test_the_schema_is_one_and_its_defaults_are_allowed(offer: Offer) -> None:
    schema = offer_schema(offer)
    Draft202012Validator.check_schema(schema)
    defaults = {
        name: rule["default"] for name, rule in schema["properties"].items() if "default" in rule
    }

    assert offer.complaints(JobInput(prompt="a fox", **defaults)) == []
