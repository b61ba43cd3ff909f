"""What goes out: the bodies that the providers' own pages show, and nothing they would refuse."""

from collections.abc import Callable
from contextlib import nullcontext
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from local.sandbox.aimlapi.request import Generation
from local.sandbox.apixo.request import Submission
from local.sandbox.oxen.enqueue import checked_count, checked_model
from local.sandbox.oxen.generations import CONTROL_FIELDS
from local.sandbox.oxen.models import REQUESTS
from shared.catalog.load import load_catalog
from shared.domain.field_rules import FieldRule
from shared.domain.offers import Offer
from shared.ports.providers import Order, Provider
from tests.unit.providers.exchange import (
    APIXO_OFFER,
    KEY,
    OFFERS,
    OXEN_OFFER,
    Does,
    aimlapi,
    an_order,
    apixo,
    body_of,
    oxen,
    sent_by,
)

WEB = ("https://example.com/reference-1.png", "https://example.com/reference-2.jpg")
CALLBACK = "https://seedhook.example/v1/callbacks/apixo/job_1/1/token"
SIZES = ["2K", "4K", "2048x2048", "2048X2048", "2048*2048"]
LITE_OFFER = load_catalog().offer("seedream-5-lite", "oxen")
SEEDREAM_4_OFFER = load_catalog().offer("seedream-4", "oxen")
MAKERS: dict[str, Callable[[Does], Provider]] = {"aimlapi": aimlapi, "apixo": apixo, "oxen": oxen}
BY_NAME = pytest.mark.parametrize("offer", OFFERS, ids=lambda o: f"{o.model} at {o.provider}")


def body_for(order: Order) -> dict[str, Any]:
    return body_of(sent_by(MAKERS[order.offer.provider], order))


def as_the_provider_reads_it(offer: Offer, order: Order) -> str:
    """Return the prompt out of a request that the provider's own strict rules have passed."""
    request = sent_by(MAKERS[offer.provider], order)
    if offer.provider == "aimlapi":
        return Generation.model_validate_json(request.content).prompt
    if offer.provider == "apixo":
        return Submission.model_validate_json(request.content).input.prompt
    params = body_of(request)
    checked_count(params)
    fields = {name: value for name, value in params.items() if name not in CONTROL_FIELDS}
    return REQUESTS[checked_model(params)].model_validate(fields).prompt


def test_a_request_goes_to_the_models_own_address_with_the_key_and_as_json() -> None:
    to_apixo = sent_by(apixo, an_order(APIXO_OFFER))
    to_oxen = sent_by(oxen, an_order(OXEN_OFFER))

    assert (to_apixo.method, str(to_apixo.url)) == (
        "POST",
        "https://api.apixo.ai/api/v1/generateTask/seedream-4-5",
    )
    assert (to_oxen.method, str(to_oxen.url)) == ("POST", "https://hub.oxen.ai/api/ai/queue")
    for request in (to_apixo, to_oxen):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["content-type"] == "application/json"


def test_apixo_from_text_alone() -> None:
    order = an_order(
        APIXO_OFFER,
        prompt="a fox in watercolor style",
        resolution="2K",
        aspect_ratio="1:1",
        sequential="disabled",
        prompt_optimize="standard",
    )

    assert body_for(order) == {
        "request_type": "async",
        "input": {
            "mode": "text-to-image",
            "prompt": "a fox in watercolor style",
            "max_images": 1,
            "resolution": "2K",
            "aspect_ratio": "1:1",
            "sequential_image_generation": "disabled",
            "prompt_optimize_mode": "standard",
        },
    }


def test_apixo_from_reference_images() -> None:
    order = an_order(
        APIXO_OFFER,
        prompt="turn this scene into a warm sunrise illustration",
        references=WEB,
        n=3,
        resolution="4K",
        aspect_ratio="3:4",
        sequential="auto",
        prompt_optimize="standard",
    )

    assert body_for(order)["input"] == {
        "mode": "image-to-image",
        "prompt": "turn this scene into a warm sunrise illustration",
        "image_urls": list(WEB),
        "max_images": 3,
        "resolution": "4K",
        "aspect_ratio": "3:4",
        "sequential_image_generation": "auto",
        "prompt_optimize_mode": "standard",
    }


@pytest.mark.parametrize("size", SIZES)
def test_apixo_takes_a_size_in_each_of_its_spellings_and_no_resolution_beside_it(size: str) -> None:
    order = an_order(APIXO_OFFER, prompt="an editorial still life scene", size=size)

    assert body_for(order)["input"] == {
        "mode": "text-to-image",
        "prompt": "an editorial still life scene",
        "max_images": 1,
        "size": size,
    }


def test_apixo_is_told_a_resolution_even_if_nobody_asked_for_one() -> None:
    assert body_for(an_order(APIXO_OFFER))["input"]["resolution"] == "2K"
    ratio_only = body_for(an_order(APIXO_OFFER, aspect_ratio="16:9"))["input"]
    assert (ratio_only["resolution"], ratio_only["aspect_ratio"]) == ("2K", "16:9")


def test_apixo_calls_back_where_it_was_told_to_and_is_polled_otherwise() -> None:
    called_back = body_for(an_order(APIXO_OFFER, callback_url=CALLBACK))
    polled = body_for(an_order(APIXO_OFFER))

    assert (called_back["request_type"], called_back["callback_url"]) == ("callback", CALLBACK)
    assert polled["request_type"] == "async"
    assert "callback_url" not in polled


def test_oxen_gets_the_images_of_one_submission_however_many_the_job_has() -> None:
    order = an_order(OXEN_OFFER, n=4)

    assert body_for(order) == {
        "model": "bytedance-seedream-4-5",
        "prompt": "a fox in watercolor style",
        "num_generations": 4,
    }


def test_each_oxen_model_has_field_names_of_its_own() -> None:
    four = an_order(SEEDREAM_4_OFFER, prompt="Add a funny hat", references=WEB[:1])
    four_five = an_order(
        OXEN_OFFER, prompt="p", references=WEB[:1], resolution="4K", aspect_ratio="1:1", seed=7
    )
    lite = an_order(
        LITE_OFFER,
        prompt="p",
        references=WEB[:1],
        size="2K",
        aspect_ratio="match_input_image",
        output_format="png",
    )

    assert body_for(four) == {
        "model": "bytedance-seedream-4",
        "prompt": "Add a funny hat",
        "num_generations": 1,
        "input_image": [WEB[0]],
    }
    assert body_for(four_five) == {
        "model": "bytedance-seedream-4-5",
        "prompt": "p",
        "num_generations": 1,
        "input_image": [WEB[0]],
        "size": "4K",
        "aspect_ratio": "1:1",
        "seed": 7,
    }
    assert body_for(lite) == {
        "model": "bytedance-seedream-5-lite",
        "prompt": "p",
        "num_generations": 1,
        "image_input": [WEB[0]],
        "size": "2K",
        "aspect_ratio": "match_input_image",
        "output_format": "png",
    }


@BY_NAME
def test_whatever_the_catalogue_allows_the_provider_takes(offer: Offer) -> None:
    names = [name for name in offer.rules if name != "size"]
    choices = [[None, *values_of(offer.rules[name])] for name in names]
    shapes: list[dict[str, Any]] = [
        dict(zip(names, combination, strict=True)) for combination in product(*choices)
    ]
    if "size" in offer.rules:
        free = [s for s in shapes if not s.get("resolution") and not s.get("aspect_ratio")]
        sizes = SIZES if offer.rules["size"].pixels else offer.rules["size"].values
        shapes += [{**shape, "size": size} for shape, size in product(free, sizes)]
    reference_counts = (0, 1, offer.max_references)
    accepted = 0
    for shape, count, n in product(shapes, reference_counts, (1, offer.images_per_submission)):
        order = an_order(offer, n=n, references=(WEB[0],) * count, **shape)
        if not offer.complaints(order.wanted):
            as_the_provider_reads_it(offer, order)
            accepted += 1

    assert accepted >= len(shapes) * 3


def values_of(rule: FieldRule) -> tuple[object, ...]:
    return rule.values or ((False, True) if rule.boolean else (-1, 0, 2**62))


@BY_NAME
@settings(deadline=None)
@given(prompt=st.text(min_size=1, max_size=200))
def test_a_prompt_arrives_as_it_was_written(offer: Offer, prompt: str) -> None:
    assert as_the_provider_reads_it(offer, an_order(offer, prompt=prompt)) == prompt


@pytest.mark.parametrize(
    "reference", ["data:image/png;base64,iVBORw0KGgo=", "https://e.example/ä?ö"]
)
@BY_NAME
def test_a_reference_arrives_as_it_was_given(offer: Offer, reference: str) -> None:
    body = body_for(an_order(offer, references=(reference,)))
    fields = body.get("input", body)

    assert fields[offer.references_wire] == [reference]


@settings(deadline=None)
@given(width=st.integers(900, 17_000), height=st.integers(900, 17_000), by=st.sampled_from("xX*"))
def test_apixo_takes_exactly_the_sizes_that_the_catalogue_allows(
    width: int, height: int, by: str
) -> None:
    order = an_order(APIXO_OFFER, size=f"{width}{by}{height}")
    expected = pytest.raises(ValidationError, match=r"input\.size")
    with expected if APIXO_OFFER.complaints(order.wanted) else nullcontext():
        as_the_provider_reads_it(APIXO_OFFER, order)
