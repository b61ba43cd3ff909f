import asyncio
import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import OXEN, InProcess, data_uri, oxen_body

pytestmark = pytest.mark.anyio

GENERATE = f"{OXEN}/ai/images/generate"
EDIT = f"{OXEN}/ai/images/edit"


async def test_generate_answers_with_the_url_of_the_picture(sandbox: InProcess) -> None:
    answer = (await sandbox.client.post(GENERATE, json=oxen_body())).json()

    assert answer["model"] == "bytedance-seedream-4-5"
    assert isinstance(answer["created"], int)
    assert (await sandbox.image(answer["images"][0]["url"])).size == (2048, 2048)
    assert (await sandbox.ledger("oxen"))[0]["charged_usd"] == "0.04"


async def test_generate_answers_with_the_picture_itself_when_asked(sandbox: InProcess) -> None:
    body = oxen_body(response_format="b64_json")
    answer = (await sandbox.client.post(GENERATE, json=body)).json()

    data = base64.b64decode(answer["images"][0]["b64_json"])
    assert Image.open(io.BytesIO(data)).size == (2048, 2048)


@pytest.mark.parametrize("model", ["bytedance-seedream-4", "bytedance-seedream-5-lite"])
@pytest.mark.parametrize("references", [data_uri(), [data_uri(), data_uri()]])
async def test_edit_takes_one_reference_or_several_under_one_name_for_every_model(
    sandbox: InProcess, model: str, references: Any
) -> None:
    body = {"model": model, "prompt": "a hat", "input_image": references}
    answer = await sandbox.client.post(EDIT, json=body)

    assert answer.status_code == 200
    assert (await sandbox.ledger("oxen"))[0]["request"] == body


@pytest.mark.parametrize(
    ("url", "params", "status"),
    [
        (EDIT, {}, 400),
        (GENERATE, {"model": ...}, 400),
        (GENERATE, {"model": "gpt-9"}, 404),
        (GENERATE, {"prompt": ...}, 400),
        (GENERATE, {"quality": "high"}, 400),
        (GENERATE, {"prompt": "[refuse]"}, 400),
        (GENERATE, {"response_format": "png"}, 400),
    ],
)
async def test_a_blocking_call_refuses_at_once(
    sandbox: InProcess, url: str, params: dict[str, Any], status: int
) -> None:
    answer = await sandbox.client.post(url, json=oxen_body(**params))

    assert answer.status_code == status
    assert answer.json()["error"]


async def test_an_unreachable_reference_is_told_in_the_error_text(
    sandbox: InProcess, peer: Peer
) -> None:
    body = oxen_body(input_image=peer.url("forbidden.png"))
    answer = await sandbox.client.post(EDIT, json=body)

    assert "403 Client Error: Forbidden for url" in answer.json()["error"]["message"]
    assert (await sandbox.ledger("oxen"))[0]["charged_usd"] == "0"


async def test_a_blocking_call_is_answered_503_when_the_sandbox_stops(
    sandbox: InProcess, peer: Peer
) -> None:
    wanted = oxen_body(input_image=[peer.url("slow.png")])
    call = asyncio.create_task(sandbox.client.post(GENERATE, json=wanted))
    await asyncio.to_thread(peer.asked.wait)
    sandbox.studio.background.cancel()

    assert (await call).status_code == 503


async def test_a_blocking_call_leaves_nothing_in_the_queue_or_the_history(
    sandbox: InProcess,
) -> None:
    await sandbox.client.post(GENERATE, json=oxen_body())

    for path in ("queue", "generations"):
        answer = await sandbox.client.get(f"{OXEN}/ai/{path}?status=succeeded")
        assert answer.json()["count"] == 0
