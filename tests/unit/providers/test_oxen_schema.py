"""Oxen's models as they are today: what their own pages name is sent, and nothing else is paid."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sandbox.oxen.catalogue import describe
from shared.adapters.http import HttpClient
from shared.adapters.providers.oxen import Oxen
from shared.catalog.load import load_catalog
from shared.domain.errors import ErrorCode, Refused
from shared.domain.field_rules import FieldRule
from shared.domain.offers import Offer
from shared.ports.providers import Order
from tests.unit.providers.exchange import (
    HTML,
    KEY,
    OXEN_OFFER,
    OXEN_URL,
    Does,
    an_order,
    fails,
    never_ends,
    oxen,
    says,
)

OFFERS = [o for model in load_catalog().models for o in model.offers if o.provider == "oxen"]
LITE = load_catalog().offer("seedream-5-lite", "oxen")
WEB = ("https://example.com/1.png", "https://example.com/2.png")
LIST = {"type": "array", "items": {"type": "string"}}
TEXT = {"type": "string"}
SIZE = {"type": "string", "enum": ["2K", "4K"], "default": "2K"}


def page(**fields: object) -> dict[str, Any]:
    properties = {"prompt": TEXT, **fields}
    return {"id": "m", "request_schema": {"type": "object", "properties": properties}}


def content(order: Order, live: object) -> dict[str, Any]:
    """Return what is sent beside model, prompt and number."""
    letter = oxen(says(status=500), tells=says(live)).compose(order)
    usual = {"model", "prompt", "num_generations"}
    return {name: value for name, value in letter.body.items() if name not in usual}


def complaint(order: Order, live: object) -> str:
    with pytest.raises(Refused) as caught:
        content(order, live)
    assert caught.value.fault.code is ErrorCode.PROVIDER_REJECTED
    return str(caught.value)


def edit(count: int = 1, offer: Offer = OXEN_OFFER, **wanted: Any) -> Order:
    return an_order(offer, references=(WEB * 7)[:count], **wanted)


# --- the question


def test_a_models_page_is_asked_for_with_the_key_before_anything_is_paid() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return says(page())(request)

    oxen(says(), tells=answer).compose(an_order(OXEN_OFFER))

    (request,) = asked
    assert (request.method, str(request.url)) == (
        "GET",
        "https://hub.oxen.ai/api/ai/models/bytedance-seedream-4-5",
    )
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "shown",
    [
        lambda schema: {"request_schema": schema},
        lambda schema: {"json_request_schema": schema},
        lambda schema: {"request_schema": None, "json_request_schema": schema},
        lambda schema: {"json_request_schema": {}, "request_schema": schema},
        lambda schema: {"data": {"json_request_schema": schema}, "status": "success"},
        lambda schema: {"data": {"id": "m", "request_schema": schema}},
    ],
)
def test_the_schema_is_found_under_both_its_names_in_a_wrapper_or_without(
    shown: Callable[[object], object],
) -> None:
    live = shown(page(images=LIST, image_input=LIST)["request_schema"])

    assert content(edit(), live) == {"image_input": [WEB[0]]}


UNHELPFUL: list[tuple[str, Does]] = [
    ("no connection", fails(httpx.ConnectError)),
    ("no answer in time", fails(httpx.ReadTimeout)),
    ("a connection cut", fails(httpx.RemoteProtocolError)),
    ("401", says({"error": {"type": "unauthenticated"}}, status=401)),
    ("404", says({"error": {"type": "resource_not_found"}}, status=404)),
    ("a page under a 500", says(page(), status=500)),
    ("a redirect", says(b"", status=302, location="https://elsewhere.example/")),
    ("HTML", says(HTML)),
    ("nothing", says(b"")),
    ("half of it", says(b'{"request_schema": {"prop')),
    ("without end", never_ends),
    ("a list", says([page()])),
    ("a list in a wrapper", says({"data": [page()]})),
    ("null in a wrapper", says({"data": None})),
    ("no schema", says({"id": "m"})),
    ("a text for a schema", says({"request_schema": "see the docs"})),
    ("no properties", says({"request_schema": {"type": "object"}})),
    ("a list of properties", says({"request_schema": {"properties": ["prompt"]}})),
    ("no prompt among them", says({"request_schema": {"properties": {"text": TEXT}}})),
    ("a deep nest", says(b'{"data":' * 10_000)),
]


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in UNHELPFUL])
def test_without_a_usable_page_the_catalogue_counts(does: Does) -> None:
    order = edit(2, resolution="4K", aspect_ratio="16:9", seed=7)

    letter = oxen(says(), tells=does).compose(order)

    assert letter.body == {
        "model": "bytedance-seedream-4-5",
        "prompt": "a fox in watercolor style",
        "num_generations": 1,
        "input_image": list(WEB),
        "size": "4K",
        "aspect_ratio": "16:9",
        "seed": 7,
    }


def test_the_caller_waits_two_seconds_for_it_at_most() -> None:
    now = 0.0

    def drip() -> Any:
        nonlocal now
        while True:
            now += 0.5
            yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    http = HttpClient(transport=transport, monotonic=lambda: now)

    Oxen(http, base_url=OXEN_URL, key=lambda: KEY).compose(an_order(OXEN_OFFER))

    assert now == 2


# --- how long an answer counts


class Page:
    """Oxen's pages with a clock: counts the questions, and fails while it is down."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[str] = []
        self.shows: Does = says(page(input_images=LIST))
        self._oxen = Oxen(
            HttpClient(transport=httpx.MockTransport(self._answer)),
            base_url=OXEN_URL,
            key=lambda: KEY,
            monotonic=lambda: self.now,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        return self.shows(request)

    def field_used(self, *, after: float = 0, offer: Offer = OXEN_OFFER) -> str:
        self.now += after
        body = self._oxen.compose(edit(offer=offer)).body
        return next(name for name in body if "image" in name)


def test_an_answer_counts_for_ten_minutes() -> None:
    oxens = Page()

    used = [oxens.field_used(after=seconds) for seconds in (0, 1, 590, 8.9)]
    assert (used, len(oxens.asked)) == (["input_images"] * 4, 1)

    oxens.shows = says(page(image_input=LIST))
    assert oxens.field_used(after=0.2) == "image_input"
    assert len(oxens.asked) == 2


def test_no_answer_is_left_alone_for_a_minute() -> None:
    oxens = Page()
    oxens.shows = says(HTML, status=503)

    assert [oxens.field_used(after=seconds) for seconds in (0, 1, 58)] == ["input_image"] * 3
    assert len(oxens.asked) == 1

    oxens.shows = says(page(input_images=LIST))
    assert oxens.field_used(after=1.5) == "input_images"


def test_an_old_answer_is_better_than_none() -> None:
    oxens = Page()
    oxens.field_used()
    oxens.shows = fails(httpx.ReadTimeout)

    assert oxens.field_used(after=601) == "input_images"
    assert oxens.field_used(after=30) == "input_images"
    assert len(oxens.asked) == 2


def test_each_model_has_a_page_of_its_own() -> None:
    oxens = Page()

    for offer in (OXEN_OFFER, LITE, OXEN_OFFER, LITE):
        oxens.field_used(offer=offer)

    assert oxens.asked == ["bytedance-seedream-4-5", "bytedance-seedream-5-lite"]


# --- references


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"input_image": LIST}, {"input_image": list(WEB)}),
        ({"image_input": LIST}, {"image_input": list(WEB)}),
        ({"input_images": LIST}, {"input_images": list(WEB)}),
        ({"input_image": TEXT, "input_images": LIST}, {"input_images": list(WEB)}),
        ({"image_input": LIST, "input_images": LIST}, {"image_input": list(WEB)}),
        ({"image_input": LIST, "input_image": LIST}, {"input_image": list(WEB)}),
        ({"input_images": {"type": ["array", "null"]}}, {"input_images": list(WEB)}),
        ({"input_images": {"anyOf": [TEXT, LIST]}}, {"input_images": list(WEB)}),
        ({"input_images": {"oneOf": [{"type": "null"}, LIST]}}, {"input_images": list(WEB)}),
        ({"input_images": {}}, {"input_images": list(WEB)}),
        ({"input_images": True}, {"input_images": list(WEB)}),
        ({"input_images": {"type": 7, "anyOf": {}}}, {"input_images": list(WEB)}),
        ({"input_images": {**LIST, "maxItems": 2}}, {"input_images": list(WEB)}),
        ({"input_images": {**LIST, "maxItems": "many"}}, {"input_images": list(WEB)}),
    ],
    ids=repr,
)
def test_references_go_where_the_live_schema_takes_them(
    fields: dict[str, object], sent: dict[str, object]
) -> None:
    assert content(edit(2), page(**fields)) == sent


@pytest.mark.parametrize(
    "single",
    [
        TEXT,
        {"type": ["string", "null"]},
        {"anyOf": [TEXT, {"type": "null"}]},
        {"type": "string", "format": "uri"},
    ],
    ids=repr,
)
def test_a_field_for_a_text_takes_one_reference_and_is_given_no_list(single: object) -> None:
    assert content(edit(1), page(input_image=single)) == {"input_image": WEB[0]}
    assert complaint(edit(2), page(input_image=single)) == (
        "oxen: seedream-4.5 takes at most 1 of the 2 images (its live schema names: input_image)"
    )


def test_more_references_than_the_live_schema_takes_are_refused() -> None:
    live = page(input_image={**LIST, "maxItems": 3})

    assert content(edit(3), live) == {"input_image": [*WEB, WEB[0]]}
    assert "takes at most 3 of the 4 images" in complaint(edit(4), live)


def test_references_that_are_taken_no_longer_are_refused() -> None:
    assert complaint(edit(), page(size=SIZE, images=LIST)) == (
        "oxen: seedream-4.5 no longer takes images (its live schema names: prompt, size, images)"
    )


def test_without_references_it_does_not_matter_where_they_would_go() -> None:
    assert content(an_order(OXEN_OFFER), page()) == {}


# --- the other fields


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"aspect_ratio": "1:1"}, "aspect_ratio (its live schema names: prompt, size)"),
        ({"seed": 0}, "seed (its live schema names: prompt, size)"),
        ({"seed": 7, "aspect_ratio": "1:1"}, "aspect_ratio (its live schema names: prompt, size)"),
    ],
    ids=repr,
)
def test_a_field_that_was_asked_for_and_is_taken_no_longer_is_refused(
    wanted: dict[str, Any], words: str
) -> None:
    order = an_order(OXEN_OFFER, **wanted)

    assert complaint(order, page(size=SIZE)) == f"oxen: seedream-4.5 no longer takes {words}"


def test_a_field_is_called_as_the_caller_called_it() -> None:
    assert "no longer takes resolution (" in complaint(an_order(LITE, resolution="3K"), page())
    assert "no longer takes size (" in complaint(an_order(LITE, size="3K"), page())


@pytest.mark.parametrize("name", ["resolution", "size"])
@pytest.mark.parametrize(
    "live",
    [
        {"enum": ["2K", "4K"]},
        {"anyOf": [{"enum": ["2K"]}, {"enum": ["4K", None]}]},
        {"anyOf": [{"enum": ["2K", "4K"]}, {"type": "null"}]},
    ],
    ids=repr,
)
def test_a_value_that_is_taken_no_longer_is_refused_with_those_that_are(
    name: str, live: dict[str, object]
) -> None:
    wanted: dict[str, Any] = {name: "3K"}

    assert complaint(an_order(LITE, **wanted), page(size=live)) == (
        f"oxen: seedream-5-lite no longer takes {name} 3K (its live schema names: 2K, 4K)"
    )


@pytest.mark.parametrize(
    "live",
    [
        {},
        True,
        TEXT,
        {"enum": []},
        {"enum": "2K"},
        {"enum": None},
        {"anyOf": [{"enum": ["2K", "4K"]}, TEXT]},
        {"anyOf": "x", "enum": ["3K"]},
    ],
    ids=repr,
)
def test_where_the_live_schema_names_no_values_any_is_taken(live: object) -> None:
    assert content(an_order(LITE, resolution="3K"), page(size=live)) == {"size": "3K"}


def test_what_is_asked_for_and_taken_is_sent() -> None:
    live = page(size=SIZE, seed={"type": "integer"}, aspect_ratio=TEXT, watermark={}, new=LIST)
    order = an_order(OXEN_OFFER, resolution="4K", seed=7)

    assert content(order, live) == {"size": "4K", "seed": 7}


@pytest.mark.parametrize(
    ("live", "sent"),
    [
        (page(), {}),
        (page(watermark={"enum": ["on"]}), {}),
        (page(watermark=TEXT), {"watermark": "off"}),
        (page(watermark={"enum": ["on", "off"]}), {"watermark": "off"}),
    ],
)
def test_a_default_of_ours_that_nobody_asked_for_is_left_out_where_it_is_not_taken(
    live: object, sent: dict[str, object]
) -> None:
    rule = FieldRule(wire="watermark", values=("off",), default="off")
    offer = replace(OXEN_OFFER, rules={"watermark": rule})

    assert content(an_order(offer), live) == sent


def test_what_a_model_names_is_told_on_one_line_without_secrets() -> None:
    live = page(**{"a\n\x1b[31mb": {}, KEY: {}, "https://h.example/canary?x": {}, "x" * 900: {}})

    words = complaint(an_order(OXEN_OFFER, prompt="fox-canary", seed=7), live)

    assert words.startswith("oxen: seedream-4.5 no longer takes seed (its live schema names: ")
    assert "canary" not in words
    assert words.isprintable()
    assert len(words) < 320


# --- the pages of the past, and the sandbox's


FOUR_FIVE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "2026-05-29",
        page(input_image=TEXT, input_images=LIST, size=SIZE, output_format=TEXT, watermark={}),
        {"input_images": list(WEB), "size": "4K"},
    ),
    (
        "2026-07-01",
        page(input_images=LIST, size=SIZE, output_format=TEXT, watermark={}),
        {"input_images": list(WEB), "size": "4K"},
    ),
    (
        "2026-08-07",
        page(input_image={**LIST, "maxItems": 14}, size=SIZE, watermark={}),
        {"input_image": list(WEB), "size": "4K"},
    ),
]


@pytest.mark.parametrize(
    ("live", "sent"), [pytest.param(live, sent, id=day) for day, live, sent in FOUR_FIVE]
)
def test_an_edit_in_4k_could_be_asked_for_on_any_day(
    live: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert content(edit(2, resolution="4K"), live) == sent


@settings(deadline=None)
@given(data=st.data(), offer=st.sampled_from(OFFERS))
def test_by_the_sandboxs_page_a_request_is_what_it_is_by_the_catalogue(
    data: st.DataObject, offer: Offer
) -> None:
    fields: dict[str, Any] = {}
    for name, rule in offer.rules.items():
        values = st.sampled_from(rule.values) if rule.values else st.integers(-(2**62), 2**62)
        fields[name] = data.draw(st.none() | values)
    references = tuple(data.draw(st.lists(st.sampled_from(WEB), max_size=offer.max_references)))
    delivery = data.draw(st.sampled_from(offer.deliveries))
    order = an_order(offer, references=references, delivery=delivery, **fields)

    told = oxen(says(), tells=says(describe(offer.provider_model))).compose(order)

    assert told == oxen(says()).compose(order)
