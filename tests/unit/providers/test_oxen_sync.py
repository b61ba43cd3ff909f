"""Oxen's call that waits for the image: what is sent, and what becomes of the paid call."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from local.sandbox.server import RunningSandbox, running_sandbox
from shared.adapters.http import HttpClient
from shared.adapters.providers.oxen import Oxen
from shared.domain.errors import FateUnknown
from shared.domain.submission import Made
from shared.ports.providers import Acceptance, Order, Recovery
from tests.unit.providers.exchange import (
    KEY,
    OXEN_OFFER,
    OXEN_URL,
    Does,
    an_order,
    body_of,
    fails,
    outcome,
    oxen,
    says,
    sent_by,
    submitted,
)
from tests.unit.providers.outcomes import ANY_PROVIDER, AUTH, CREDITS, POLICY, REJECTED, UNKNOWN

WEB = ("https://example.com/1.png", "https://example.com/2.png")
FILE = "https://hub.oxen.ai/a.png?sig=1"
PNG = b"\x89PNG\r\n\x1a\n and more"
INLINE = b64encode(PNG).decode()
ORDER = an_order(OXEN_OFFER, delivery="sync")
IN_TIME = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def images(*rows: object, **beside: object) -> dict[str, object]:
    return {"model": "bytedance-seedream-4-5", "created": 1767965610, "images": rows, **beside}


def plain(message: str) -> dict[str, object]:
    return {"error": {"message": message}}


# --- what is sent


def test_it_asks_for_a_link_to_one_image_and_names_no_number() -> None:
    request = sent_by(oxen, ORDER)

    assert (request.method, str(request.url)) == ("POST", f"{OXEN_URL}/api/ai/images/generate")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert body_of(request) == {
        "model": "bytedance-seedream-4-5",
        "prompt": "a fox in watercolor style",
        "response_format": "url",
    }


def test_references_go_to_the_same_address_under_the_models_own_name() -> None:
    order = an_order(OXEN_OFFER, delivery="sync", references=WEB, resolution="2K", seed=7)

    request = sent_by(oxen, order)

    assert request.url.path == "/api/ai/images/generate"
    assert body_of(request) == {
        "model": "bytedance-seedream-4-5",
        "prompt": "a fox in watercolor style",
        "response_format": "url",
        "input_image": list(WEB),
        "size": "2K",
        "seed": 7,
    }


@pytest.mark.parametrize(("delivery", "seconds"), [("sync", 120), ("poll", 8), ("stream", 8)])
def test_it_is_given_as_long_as_an_image_takes_and_the_queue_is_not(
    delivery: str, seconds: float
) -> None:
    now = 0.0

    def drip() -> Iterator[bytes]:
        nonlocal now
        while True:
            now += 1
            yield b" "

    letter = oxen(says()).compose(an_order(OXEN_OFFER, delivery=delivery))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    http = HttpClient(transport=transport, monotonic=lambda: now)

    with pytest.raises(FateUnknown):
        Oxen(http, base_url=OXEN_URL, key=lambda: KEY).submit(letter)

    assert now == seconds


# --- what came of it


MADE: list[tuple[str, Does, str]] = [
    ("a link", says(images({"url": FILE})), f"made: {FILE}"),
    ("the image itself", says(images({"b64_json": INLINE})), f"made: {len(PNG)} bytes"),
    ("a link beside null", says(images({"url": FILE, "b64_json": None})), f"made: {FILE}"),
    (
        "the image beside null",
        says(images({"url": None, "b64_json": INLINE})),
        f"made: {len(PNG)} bytes",
    ),
    (
        "one image both ways",
        says(images({"url": FILE, "b64_json": INLINE})),
        f"made: {len(PNG)} bytes",
    ),
    ("more than asked for", says(images({"url": "u1"}, {"url": "u2"})), "made: u1"),
    (
        "a link and another image",
        says(images({"url": FILE}, {"b64_json": INLINE})),
        f"made: {FILE}",
    ),
    (
        "a data URI",
        says(images({"b64_json": f"data:image/png;base64,{INLINE}"})),
        f"made: {len(PNG)} bytes",
    ),
    (
        "the image in lines",
        says(images({"b64_json": f"{INLINE[:8]}\n{INLINE[8:]}\n"})),
        f"made: {len(PNG)} bytes",
    ),
    ("one beside what cannot be read", says(images({}, 7, {"url": FILE})), f"made: {FILE}"),
    ("an error beside the image", says(images({"url": FILE}, **plain("no"))), f"made: {FILE}"),
    ("201", says(images({"url": FILE}), status=201), f"made: {FILE}"),
    ("only the images", says({"images": [{"url": FILE}]}), f"made: {FILE}"),
    ("fields nobody knows", says(images({"url": FILE, "seed": 7}, usage={})), f"made: {FILE}"),
    ("no image", says(images()), "made: nothing"),
    ("no image and a null error", says(images(error=None)), "made: nothing"),
]

OTHERWISE: list[tuple[str, Does, str]] = [
    ("200 without images", says({"model": "m", "created": 1}), UNKNOWN),
    ("200 with null for images", says({"images": None}), UNKNOWN),
    ("200 with a text for images", says({"images": FILE}), UNKNOWN),
    ("200 with an object for images", says({"images": {"url": FILE}}), UNKNOWN),
    ("the field of an old page", says({"image_url": FILE}), UNKNOWN),
    ("the answer of the queue", says({"generations": [{"generation_id": "a"}]}), UNKNOWN),
    ("an image in unknown words", says(images({"link": FILE})), UNKNOWN),
    ("a number for a link", says(images({"url": 7})), UNKNOWN),
    ("an empty link", says(images({"url": ""})), UNKNOWN),
    ("a list of links", says(images({"url": [FILE]})), UNKNOWN),
    ("null for an image", says(images(None)), UNKNOWN),
    ("a text for an image", says(images(FILE)), UNKNOWN),
    ("what is not base64", says(images({"b64_json": "<html>"})), UNKNOWN),
    ("half of base64", says(images({"b64_json": INLINE[:-3]})), UNKNOWN),
    ("base64 that is not ASCII", says(images({"b64_json": "é" * 8})), UNKNOWN),
    ("nothing in base64", says(images({"b64_json": ""})), UNKNOWN),
    ("a number for base64", says(images({"b64_json": 7})), UNKNOWN),
    ("an image beside status 400", says(images({"url": FILE}), status=400), UNKNOWN),
    ("an image beside status 429", says(images({"url": FILE}), status=429), UNKNOWN),
    ("an image beside status 500", says(images({"url": FILE}), status=500), UNKNOWN),
    ("200 with no image and an error", says({**images(), **plain("No such size")}), REJECTED),
    ("200 with no image for want of credits", says({**images(), "error": "No credits"}), CREDITS),
    (
        "a refusal of the content",
        says(plain("InputTextSensitiveContentDetected: content refused"), status=400),
        POLICY,
    ),
    (
        "a refusal of a reference",
        says(plain("403 Client Error: Forbidden for url: https://h.example/a"), status=400),
        "refused: reference_unreachable",
    ),
    ("a refused key in a 200", says({"error": {"type": "unauthenticated"}}), AUTH),
]


@pytest.mark.parametrize(
    ("does", "becomes"), [pytest.param(does, became, id=name) for name, does, became in MADE]
)
def test_an_image_in_a_success_is_kept_whatever_stands_beside_it(does: Does, becomes: str) -> None:
    assert outcome(oxen(does), ORDER) == becomes


@pytest.mark.parametrize(
    ("does", "becomes"),
    [*ANY_PROVIDER, *(pytest.param(does, became, id=name) for name, does, became in OTHERWISE)],
)
def test_every_other_answer_is_not_sent_refused_or_unknown(does: Does, becomes: str) -> None:
    assert outcome(oxen(does), ORDER) == becomes


def test_what_came_as_bytes_is_handed_over_as_bytes() -> None:
    accepted = submitted(oxen(says(images({"b64_json": INLINE}))), ORDER)

    assert accepted == Acceptance(made=Made(), contents=(PNG,))


def test_an_image_may_come_inline_however_large_images_are() -> None:
    large = b"\x89PNG" + bytes(20_000_000)

    accepted = submitted(oxen(says(images({"b64_json": b64encode(large).decode()}))), ORDER)

    assert accepted.contents == (large,)


def test_what_is_made_while_we_wait_stands_in_no_list_so_nothing_is_looked_for() -> None:
    provider = oxen(fails(httpx.ConnectError))
    letter = provider.compose(ORDER)
    sent = ORDER.submission.sending(IN_TIME, fingerprint=letter.fingerprint)

    assert letter.fingerprint == ""
    assert provider.recover(OXEN_OFFER, sent, name="job_1.1.1") == Recovery()


# --- against the sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def real(sandbox: RunningSandbox, socket_enabled: None) -> Oxen:
    del socket_enabled
    http = HttpClient(loopback_origins=frozenset({urlsplit(sandbox.oxen_url).netloc}))
    return Oxen(http, base_url=sandbox.oxen_url, key=lambda: "any-key")


@pytest.mark.parametrize(
    "order",
    [
        an_order(OXEN_OFFER, delivery="sync", prompt="plain"),
        an_order(OXEN_OFFER, delivery="sync", resolution="4K", aspect_ratio="16:9", seed=2**62),
        an_order(OXEN_OFFER, delivery="sync", references=("https://example.com/a.png?x=1",)),
    ],
    ids=["plain", "all fields", "edit"],
)
def test_the_sandbox_makes_one_image_and_says_where_it_is(
    real: Oxen, order: Order, sandbox: RunningSandbox
) -> None:
    accepted = submitted(real, order)

    assert accepted.made
    (url,) = accepted.made.urls
    assert url.startswith(sandbox.base_url)
    assert accepted.task_ids == ()
    assert accepted.contents == ()


def test_the_sandbox_refuses_content_as_oxen_does(real: Oxen) -> None:
    order = an_order(OXEN_OFFER, delivery="sync", prompt="[refuse] a fox")

    assert outcome(real, order) == POLICY
