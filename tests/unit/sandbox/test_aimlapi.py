import asyncio
import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import GENERATIONS, InProcess, data_uri

pytestmark = pytest.mark.anyio

MODEL = "bytedance/seedream-4-5"
LOGS = "/aimlapi/v2/logs"


def body(**fields: Any) -> dict[str, Any]:
    plain = {"model": MODEL, "prompt": "a fox"}
    return {name: value for name, value in (plain | fields).items() if value is not ...}


@pytest.mark.parametrize("model", [MODEL, "seedream-4-5-251128"])
async def test_one_call_makes_one_picture_and_tells_its_price(
    sandbox: InProcess, model: str
) -> None:
    answer = await sandbox.client.post(GENERATIONS, json=body(model=model))
    told = answer.json()

    assert told["meta"] == {"usage": {"credits_used": 84000, "usd_spent": 0.042}}
    assert told["data"][0]["size"] == "2048x2048"
    assert told["data"][0]["b64_json"] is None
    image = await sandbox.image(told["data"][0]["url"])
    assert (image.format, image.size) == ("JPEG", (2048, 2048))
    assert answer.headers["x-aimlapi-credits-used"] == "84000"
    assert float(answer.headers["x-aimlapi-usd-spent"]) == 0.042
    assert (await sandbox.ledger("aimlapi"))[0]["charged_usd"] == "0.042"


async def test_the_picture_itself_comes_back_when_asked(sandbox: InProcess) -> None:
    wanted = body(response_format="b64_json", image_size={"width": 4096, "height": 1440})
    answer = await sandbox.client.post(GENERATIONS, json=wanted)
    (item,) = answer.json()["data"]

    assert item["url"] is None
    assert Image.open(io.BytesIO(base64.b64decode(item["b64_json"]))).size == (4096, 1440)


async def test_references_may_be_urls_data_uris_or_base64(sandbox: InProcess, peer: Peer) -> None:
    bare = data_uri().partition(",")[2]
    urls = [peer.url("wide.png"), data_uri(), bare, "https://example.com/a.png"]
    answer = await sandbox.client.post(GENERATIONS, json=body(image_urls=urls))

    assert answer.status_code == 200
    assert peer.images_served == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ...},
        {"prompt": ""},
        {"model": ...},
        {"model": [MODEL]},
        {"n": 2},
        {"size": "2K"},
        {"aspect_ratio": "1:1"},
        {"image_size": "3K"},
        {"image_size": {"width": 1439, "height": 4096}},
        {"image_size": {"width": 4097, "height": 2048}},
        {"image_size": {"width": 1440, "height": 1440}},
        {"image_size": {"width": "2048"}},
        {"image_urls": []},
        {"image_urls": ["https://example.com/a.png"] * 15},
        {"response_format": "png"},
        {"seed": 1.5},
        {"watermark": "no"},
        {"prompt": "[refuse]"},
        {"image_urls": ["%%%"]},
    ],
)
async def test_a_refused_call_has_the_error_body_and_costs_nothing(
    sandbox: InProcess, fields: dict[str, Any]
) -> None:
    answer = await sandbox.client.post(GENERATIONS, json=body(**fields))
    told = answer.json()

    assert answer.status_code == 400
    assert set(told) == {"message", "path", "requestId", "statusCode", "timestamp"}
    assert (told["statusCode"], told["path"]) == ("400", "/v1/images/generations")
    assert answer.headers["x-aimlapi-credits-used"] == "0"
    assert {row["charged_usd"] for row in await sandbox.ledger("aimlapi")} <= {"0"}


async def test_a_body_error_names_the_field(sandbox: InProcess) -> None:
    answer = await sandbox.client.post(GENERATIONS, json=body(n=2))

    assert answer.json()["message"] == "Body validation error! Unknown field: n"


@pytest.mark.parametrize(
    ("fields", "authorization", "status"),
    [({"model": "dall-e"}, "Bearer k", 404), ({}, "", 401), ({}, "Bearer ", 401)],
)
async def test_an_unknown_model_and_a_missing_key_are_told_in_the_same_shape(
    sandbox: InProcess, fields: dict[str, Any], authorization: str, status: int
) -> None:
    headers = {"authorization": authorization}
    answer = await sandbox.client.post(GENERATIONS, json=body(**fields), headers=headers)

    assert answer.status_code == status
    assert answer.json()["statusCode"] == str(status)


async def test_a_call_whose_caller_hangs_up_is_made_and_billed_all_the_same(
    sandbox: InProcess, peer: Peer
) -> None:
    wanted = body(image_urls=[peer.url("slow.png")])
    call = asyncio.create_task(sandbox.client.post(GENERATIONS, json=wanted))
    await asyncio.to_thread(peer.asked.wait)
    call.cancel()
    peer.let_go()
    await sandbox.settled()

    assert (await sandbox.ledger("aimlapi"))[0]["charged_usd"] == "0.042"


async def test_a_call_is_answered_503_when_the_sandbox_stops(
    sandbox: InProcess, peer: Peer
) -> None:
    wanted = body(image_urls=[peer.url("slow.png")])
    call = asyncio.create_task(sandbox.client.post(GENERATIONS, json=wanted))
    await asyncio.to_thread(peer.asked.wait)
    sandbox.studio.background.cancel()

    assert (await call).status_code == 503


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [("job-1:2.3_x", "job-1:2.3_x"), ("two words", None), ("x" * 129, None)],
)
async def test_a_malformed_client_id_is_dropped_without_a_word(
    sandbox: InProcess, sent: str, echoed: str | None
) -> None:
    headers = {"x-client-request-id": sent}
    answer = await sandbox.client.post(GENERATIONS, json=body(), headers=headers)

    assert answer.status_code == 200
    assert answer.headers.get("x-client-request-id") == echoed


async def test_the_logs_tell_of_every_call_and_never_the_picture(sandbox: InProcess) -> None:
    headers = {"x-client-request-id": "first"}
    made = await sandbox.client.post(GENERATIONS, json=body(), headers=headers)
    await sandbox.client.post(GENERATIONS, json=body(n=2))
    told = (await sandbox.client.get(LOGS, params={"period": "1h"})).json()
    failed, succeeded = told["data"]

    assert (failed["status"], failed["cost"]) == ("failed", {"usd": 0, "credits": 0})
    assert failed["client_request_id"] is None
    assert (succeeded["status"], succeeded["model"]) == ("succeeded", MODEL)
    assert succeeded["cost"] == {"usd": 0.042, "credits": 84000}
    assert succeeded["client_request_id"] == "first"
    assert succeeded["inference_id"] == made.headers["x-inference-id"]
    assert told["pagination"] == {"limit": 50, "offset": 0, "total": 2, "has_more": False}


async def test_the_logs_are_filtered_paged_and_one_s_own(sandbox: InProcess) -> None:
    for prompt in ("a", "b [refuse]", "c [refuse]"):
        await sandbox.client.post(GENERATIONS, json=body(prompt=prompt))

    async def total(query: str, key: str = "any-key") -> int:
        headers = {"authorization": f"Bearer {key}"}
        answer = await sandbox.client.get(f"{LOGS}?period=7d&{query}", headers=headers)
        found: int = answer.raise_for_status().json()["pagination"]["total"]
        return found

    assert await total("limit=1&offset=2") == 3
    assert await total("status=failed") == 2
    assert await total("status=failed&status=succeeded") == 3
    assert await total("model=seedream-4-5") == 3
    assert await total("model=a,b") == 0
    assert await total("", key="another-key") == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("period=week", 400),
        ("period=93d", 400),
        ("period=1h&start=2026-01-01", 400),
        ("start=2026-01-02&end=2026-01-01", 400),
        ("start=yesterday&end=today", 400),
        ("period=1h&status=succeeded,failed", 400),
        ("period=1h&limit=101", 400),
        ("period=1h&key_prefix=other", 403),
        ("period=1h&key_prefix=any", 200),
        ("start=2026-01-01&end=2026-02-01T00:00:00Z", 200),
    ],
)
async def test_the_logs_want_one_window_of_at_most_92_days(
    sandbox: InProcess, query: str, status: int
) -> None:
    answer = await sandbox.client.get(f"{LOGS}?{query}")

    assert answer.status_code == status
