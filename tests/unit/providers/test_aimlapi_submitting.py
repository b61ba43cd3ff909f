"""What becomes of a paid call to AI/ML API: one table from what it does to what we make of it."""

from base64 import b64encode

import httpx
import pytest

from shared.adapters.http import HttpClient
from shared.adapters.providers.aimlapi import Aimlapi
from shared.domain.errors import SubmissionError
from shared.domain.ids import TaskId
from shared.ports.providers import Acceptance
from tests.unit.providers.exchange import (
    AIMLAPI_OFFER,
    AIMLAPI_URL,
    HTML,
    Does,
    aimlapi,
    an_order,
    outcome,
    says,
    submitted,
)
from tests.unit.providers.outcomes import (
    ANY_PROVIDER,
    AUTH,
    CREDITS,
    POLICY,
    REJECTED,
    SLOW_DOWN,
    UNKNOWN,
)

URL = "https://cdn.aimlapi.example/bison/a.jpeg?X-Tos-Expires=86400"
INLINE = b64encode(b"an image").decode()
USAGE = {"credits_used": 84000, "usd_spent": 0.042}
MADE = {"data": [{"url": URL, "b64_json": None, "size": "2048x2048"}], "meta": {"usage": USAGE}}
NOTHING = "made: nothing"


def error(status: int, message: object, *, told: object = None) -> Does:
    body = {
        "message": message,
        "path": "/v1/images/generations",
        "requestId": "3f0c",
        "statusCode": str(status) if told is None else told,
        "timestamp": "2026-11-20T12:00:00.000Z",
    }
    return says(body, status=status)


def accepted(does: Does) -> Acceptance:
    return submitted(aimlapi(does), an_order(AIMLAPI_OFFER))


IMAGES: list[tuple[str, Does, str]] = [
    ("the documented answer", says(MADE), f"made: {URL}"),
    ("201", says(MADE, status=201), f"made: {URL}"),
    ("a url alone", says({"data": [{"url": URL}]}), f"made: {URL}"),
    ("null for meta", says({**MADE, "meta": None}), f"made: {URL}"),
    ("meta of another type", says({**MADE, "meta": [USAGE]}), f"made: {URL}"),
    ("usage of another type", says({**MADE, "meta": {"usage": "84000"}}), f"made: {URL}"),
    ("fields nobody knows", says({**MADE, "images": [1], "trace": {"a": []}}), f"made: {URL}"),
    ("a url beside the image", says({"data": [{"url": URL, "b64_json": INLINE}]}), f"made: {URL}"),
    ("more images than were asked for", says({"data": [{"url": URL}] * 3}), f"made: {URL}"),
    ("an empty row before the image", says({"data": [{}, {"url": URL}]}), f"made: {URL}"),
    ("a row before the image unreadable", says({"data": [7, {"url": URL}]}), f"made: {URL}"),
    ("code 400 beside the image", says({**MADE, "statusCode": "400"}), f"made: {URL}"),
    (
        "the answer on the seed's page",
        says(
            {
                "created": 1733934459,
                "data": [{"b64_json": INLINE, "url": None, "revised_prompt": "Mount Fuji"}],
                "model": "bytedance/seedream-4-5",
                "object": "image_generation",
                "usage": {"prompt_tokens": 64, "total_tokens": 64},
            }
        ),
        "made: 8 bytes",
    ),
    *(
        (f"an inline image {how}", says({"data": [{"b64_json": text}]}), "made: 8 bytes")
        for how, text in [
            ("alone", INLINE),
            ("as a data URI", f"data:image/png;base64,{INLINE}"),
            ("in lines", f"{INLINE[:4]}\r\n{INLINE[4:]}\n"),
        ]
    ),
    ("neither url nor image", says({"data": [{"url": None, "b64_json": None}]}), NOTHING),
    ("an empty row", says({"data": [{}]}), NOTHING),
    ("no rows", says({"data": [], "meta": {"usage": USAGE}}), NOTHING),
    ("null for data and meta", says({"data": None, "meta": None}), NOTHING),
]  # fmt: skip

OTHERWISE: list[tuple[str, Does, str]] = [
    ("200 with an empty object", says({}), UNKNOWN),
    ("200 without data", says({"meta": {"usage": USAGE}}), UNKNOWN),
    ("a text for data", says({"data": URL}), UNKNOWN),
    ("an object for data", says({"data": {"url": URL}}), UNKNOWN),
    ("an empty object for data", says({"data": {}}), UNKNOWN),
    ("a text for a row", says({"data": [URL]}), UNKNOWN),
    ("null for a row", says({"data": [None]}), UNKNOWN),
    ("a number for a url", says({"data": [{"url": 7}]}), UNKNOWN),
    ("an empty url", says({"data": [{"url": ""}]}), UNKNOWN),
    ("a url without end", says({"data": [{"url": "https://h.example/" + "x" * 20_000}]}), UNKNOWN),
    ("an image that is no base64", says({"data": [{"b64_json": "%%%"}]}), UNKNOWN),
    ("an image of no bytes", says({"data": [{"b64_json": ""}]}), UNKNOWN),
    ("an image that is a list", says({"data": [{"b64_json": [INLINE]}]}), UNKNOWN),
    ("an image beside status 400", says({**MADE, "message": "no"}, status=400), UNKNOWN),
    ("an image beside status 403", says(MADE, status=403), UNKNOWN),
    ("an image beside status 429", says(MADE, status=429), UNKNOWN),
    ("500", error(500, "Internal server error"), UNKNOWN),
    ("504", error(504, "Generation timeout"), UNKNOWN),
    ("code 500 inside a 200", says({"message": "oops", "statusCode": 500}), UNKNOWN),
    ("a code that is none inside a 200", says({"statusCode": "none"}), UNKNOWN),
    ("code 400 inside a 200", says({"message": "no", "statusCode": "400"}), REJECTED),
    ("code 400 beside null data", says({"data": None, "statusCode": 400}), REJECTED),
    ("code 429 inside a 200", says({"statusCode": "429"}, retry_after="3"), f"{SLOW_DOWN}, wait 3"),
    ("400", error(400, "Body validation error!"), REJECTED),
    ("400 with a number for its code", error(400, "Body validation error!", told=400), REJECTED),
    ("400 with a list of messages", error(400, ["prompt is required"]), REJECTED),
    ("400 for the content", error(400, "InputTextSensitiveContentDetected: refused"), POLICY),
    (
        "400 for a link that was not readable",
        error(400, "InvalidParameter: Timeout while downloading url=https://h.example/nsfw.png"),
        "refused: reference_unreachable",
    ),
    ("401", error(401, "A valid API key is required"), AUTH),
    ("402", error(402, "Payment required"), CREDITS),
    ("403", error(403, "You have run out of credits"), CREDITS),
    ("403 without a reason", error(403, "Forbidden"), CREDITS),
    ("403 in HTML", says(HTML, status=403), CREDITS),
    ("403 for the content", error(403, "violates our content policy"), POLICY),
    ("404", error(404, "Model not found"), REJECTED),
    ("429", error(429, "Too Many Requests"), SLOW_DOWN),
]  # fmt: skip

# What the others have 402 for: for their 403 there is a line above.
AS_EVERYWHERE = [row for row in ANY_PROVIDER if row.id != "answers 403 in HTML"]


OWN = [pytest.param(does, became, id=name) for name, does, became in IMAGES + OTHERWISE]


@pytest.mark.parametrize(("does", "becomes"), AS_EVERYWHERE + OWN)
def test_every_answer_is_images_or_none_not_sent_refused_or_unknown(
    does: Does, becomes: str
) -> None:
    order = an_order(AIMLAPI_OFFER, prompt="a sensitive fox on credit")

    assert outcome(aimlapi(does), order) == becomes


def test_all_but_one_line_is_as_everywhere() -> None:
    assert len(AS_EVERYWHERE) == len(ANY_PROVIDER) - 1


def test_an_inline_image_comes_back_byte_for_byte() -> None:
    image = bytes(range(256)) * 8192  # larger than other answers may be

    acceptance = accepted(says({"data": [{"b64_json": b64encode(image).decode()}]}))

    assert acceptance.contents == (image,)
    assert acceptance.made
    assert acceptance.made.urls == ()


@pytest.mark.parametrize(("seconds", "becomes"), [(119, f"made: {URL}"), (121, UNKNOWN)])
def test_an_image_may_take_two_minutes(seconds: float, becomes: str) -> None:
    now = [0.0]

    def take_time(request: httpx.Request) -> httpx.Response:
        now[0] += seconds
        return says(MADE)(request)

    http = HttpClient(transport=httpx.MockTransport(take_time), monotonic=lambda: now[0])
    provider = Aimlapi(http, base_url=AIMLAPI_URL, key=lambda: "k")

    assert outcome(provider, an_order(AIMLAPI_OFFER)) == becomes


@pytest.mark.parametrize(
    ("header", "task_ids"),
    [
        ("V1StGXR8Z5jdHi6BmyT8k", (TaskId("V1StGXR8Z5jdHi6BmyT8k"),)),
        ("", ()),
        ("two words", ()),
        ("x" * 129, ()),
    ],
)
def test_the_inference_is_kept_as_the_task_where_it_is_told(
    header: str, task_ids: tuple[TaskId, ...]
) -> None:
    assert accepted(says(MADE, x_inference_id=header)).task_ids == task_ids
    assert accepted(says(MADE)).task_ids == ()


def test_the_reason_of_a_refusal_is_aimlapis_own_on_one_line() -> None:
    does = error(400, "Body validation error!\n Unknown field: n")

    with pytest.raises(
        SubmissionError, match=r"^aimlapi: Body validation error! Unknown field: n$"
    ):
        accepted(does)


def test_a_refusal_without_a_reason_has_its_status_for_one() -> None:
    with pytest.raises(SubmissionError, match=r"^aimlapi: refused with 422$"):
        accepted(says(b"", status=422))
