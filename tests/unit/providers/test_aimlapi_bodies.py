"""What goes out to AI/ML API: what its page shows, and nothing that its strict rules refuse."""

from itertools import product
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sandbox.aimlapi.request import Generation
from shared.domain.ids import JobId
from shared.domain.submission import name_of
from shared.ports import Order
from tests.unit.providers.exchange import (
    AIMLAPI_OFFER,
    KEY,
    aimlapi,
    an_order,
    body_of,
    says,
    submitted,
)

WEB = ("https://example.com/reference-1.png", "https://example.com/reference-2.jpg")
MADE = {"data": [{"url": "https://cdn.aimlapi.example/a.jpeg"}]}


def sent(order: Order) -> httpx.Request:
    """Return the one request that an order becomes."""
    requests: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return says(MADE)(request)

    submitted(aimlapi(take), order)
    (request,) = requests
    return request


def as_aimlapi_reads_it(order: Order) -> Generation:
    return Generation.model_validate_json(sent(order).content)


def test_a_request_is_one_call_with_the_key_and_our_name_for_it() -> None:
    order = an_order(AIMLAPI_OFFER)

    request = sent(order)

    assert (request.method, str(request.url)) == (
        "POST",
        "https://api.aimlapi.com/v1/images/generations",
    )
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-client-request-id"] == "job_1.1.1"
    assert name_of(JobId("job_1"), order.submission) == "job_1.1.1"


def test_from_text_alone_only_what_was_asked_is_said() -> None:
    assert body_of(sent(an_order(AIMLAPI_OFFER, prompt="Mount Fuji"))) == {
        "model": "bytedance/seedream-4-5",
        "prompt": "Mount Fuji",
        "response_format": "url",
    }


def test_all_that_can_be_asked_is_said_in_aimlapis_words() -> None:
    order = an_order(
        AIMLAPI_OFFER,
        prompt="a bokeh effect",
        references=WEB,
        resolution="2K",
        aspect_ratio="16:9",
        seed=7,
        watermark=True,
    )

    assert body_of(sent(order)) == {
        "model": "bytedance/seedream-4-5",
        "prompt": "a bokeh effect",
        "response_format": "url",
        "image_urls": list(WEB),
        "image_size": {"width": 2848, "height": 1600},
        "seed": 7,
        "watermark": True,
    }


def test_whatever_the_catalogue_allows_aimlapi_takes() -> None:
    rules = AIMLAPI_OFFER.rules
    shapes: list[dict[str, Any]] = [
        {},
        *({"size": size} for size in ["2K", "4K", "2048x2048", "1440X2560", "4096*4096"]),
        *(
            {"resolution": resolution, "aspect_ratio": ratio}
            for resolution in (None, *rules["resolution"].values)
            for ratio in (None, *rules["aspect_ratio"].values)
        ),
    ]
    others = product([None, 0, -1, 2**62], [None, False, True], [0, 1, 14])
    accepted = 0
    for shape, (seed, watermark, count) in product(shapes, list(others)):
        references = (WEB[0],) * count
        order = an_order(
            AIMLAPI_OFFER, references=references, seed=seed, watermark=watermark, **shape
        )
        if not AIMLAPI_OFFER.complaints(order.wanted):
            as_aimlapi_reads_it(order)
            accepted += 1

    refused = len(rules["aspect_ratio"].values) - 1  # at 4K there is 1:1 alone
    assert accepted == (len(shapes) - refused) * 36


@settings(deadline=None)
@given(prompt=st.text(min_size=1, max_size=200))
def test_a_prompt_arrives_as_it_was_written(prompt: str) -> None:
    assert as_aimlapi_reads_it(an_order(AIMLAPI_OFFER, prompt=prompt)).prompt == prompt


@pytest.mark.parametrize(
    "reference", ["data:image/png;base64,iVBORw0KGgo=", "https://e.example/ä?ö"]
)
def test_a_reference_arrives_as_it_was_given(reference: str) -> None:
    order = an_order(AIMLAPI_OFFER, references=(reference,))

    assert as_aimlapi_reads_it(order).image_urls == [reference]
