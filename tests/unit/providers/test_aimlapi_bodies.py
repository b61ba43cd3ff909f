"""What goes out to AI/ML API: one call, in the words of its page."""

import httpx

from shared.domain.ids import JobId
from shared.domain.submission import name_of
from shared.ports.providers import Order
from tests.unit.providers.exchange import (
    AIMLAPI_OFFER,
    KEY,
    aimlapi,
    an_order,
    body_of,
    sent_by,
)

WEB = ("https://example.com/reference-1.png", "https://example.com/reference-2.jpg")


def sent(order: Order) -> httpx.Request:
    return sent_by(aimlapi, order)


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
