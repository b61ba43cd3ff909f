import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import APIXO, InProcess, apixo_body, data_uri, urls_of

pytestmark = pytest.mark.anyio


async def test_a_task_ends_with_as_many_pictures_as_asked_at_the_preset_size(
    sandbox: InProcess,
) -> None:
    task_id = await sandbox.apixo(max_images=2, resolution="2K", aspect_ratio="21:9")
    status = await sandbox.apixo_status(task_id)

    assert status["state"] == "success"
    assert status["costTime"] == pytest.approx(status["completeTime"] - status["createTime"], abs=2)
    urls = urls_of(status)
    assert [url.rpartition(".")[2] for url in urls] == ["png", "png"]
    for url in urls:
        image = await sandbox.image(url)
        assert (image.format, image.size) == ("PNG", (3136, 1344))


@pytest.mark.parametrize("size", ["2000x2000", "2000X2000", "2000*2000"])
async def test_an_explicit_size_is_kept_to_the_pixel(sandbox: InProcess, size: str) -> None:
    status = await sandbox.apixo_status(await sandbox.apixo(size=size))

    assert (await sandbox.image(urls_of(status)[0])).size == (2000, 2000)


@pytest.mark.parametrize("latency", [1000.0])
async def test_a_fresh_task_is_pending_and_its_precharge_is_taken(sandbox: InProcess) -> None:
    url = f"{APIXO}/generateTask/seedream-4-5"
    answer = await sandbox.client.post(url, json=apixo_body(max_images=3))
    task_id = answer.json()["data"]["taskId"]
    status = await sandbox.apixo_status(task_id)
    balance = await sandbox.client.get(f"{APIXO}/apikeys/current-balance")

    assert answer.json() == {"code": 200, "message": "success", "data": {"taskId": task_id}}
    assert set(status) == {"taskId", "state", "createTime"}
    assert status["state"] == "pending"
    assert balance.json() == {"code": 200, "message": "success", "data": 999.895}


async def test_a_task_is_processing_while_it_works(sandbox: InProcess, peer: Peer) -> None:
    url = f"{APIXO}/generateTask/seedream-4-5"
    references = {"mode": "image-to-image", "image_urls": [peer.url("slow.png")]}
    answer = await sandbox.client.post(url, json=apixo_body(**references))
    task_id = answer.json()["data"]["taskId"]
    await asyncio.to_thread(peer.asked.wait)

    assert (await sandbox.apixo_status(task_id))["state"] == "processing"

    peer.let_go()
    await sandbox.settled()

    assert (await sandbox.apixo_status(task_id))["state"] == "success"


async def test_fewer_pictures_than_asked_are_still_a_success_and_cost_less(
    sandbox: InProcess,
) -> None:
    task_id = await sandbox.apixo(prompt="four seasons [only 2]", max_images=4)
    row = (await sandbox.ledger("apixo"))[0]

    assert len(urls_of(await sandbox.apixo_status(task_id))) == 2
    assert (row["images_asked"], row["images_made"]) == (4, 2)
    assert row["charged_usd"] == "0.070"


async def test_refused_content_fails_the_task_inside_a_successful_envelope(
    sandbox: InProcess,
) -> None:
    task_id = await sandbox.apixo(prompt="something [refuse]")
    url = f"{APIXO}/statusTask/seedream-4-5?taskId={task_id}"
    answer = (await sandbox.client.get(url)).json()

    assert (answer["code"], answer["message"]) == (200, "success")
    assert answer["data"]["state"] == "failed"
    assert answer["data"]["failCode"] == "SensitiveContentDetected"
    assert {"costTime", "resultJson"}.isdisjoint(answer["data"])
    assert (await sandbox.ledger("apixo"))[0]["charged_usd"] == "0.000"


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("forbidden.png", "IMAGE_DOWNLOAD_FAILED", "status code 403"),
        ("moved", "IMAGE_DOWNLOAD_FAILED", "status code 307"),
        ("text.png", "UNSUPPORTED_FORMAT", "Not an image"),
    ],
)
async def test_a_reference_that_cannot_be_read_fails_the_task(
    sandbox: InProcess, peer: Peer, path: str, code: str, message: str
) -> None:
    task_id = await sandbox.apixo(mode="image-to-image", image_urls=[peer.url(path)])
    status = await sandbox.apixo_status(task_id)

    assert (status["state"], status["failCode"]) == ("failed", code)
    assert message in status["failMsg"]
    assert peer.images_served == 0


async def test_a_host_that_does_not_answer_is_a_timeout_while_downloading(
    sandbox: InProcess,
) -> None:
    nobody = "http://127.0.0.1:9/a.png"  # the discard port: nothing listens there
    task_id = await sandbox.apixo(mode="image-to-image", image_urls=[nobody])

    status = await sandbox.apixo_status(task_id)
    assert status["failMsg"] == f"Timeout while downloading url={nobody}"


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_references_elsewhere_are_never_fetched_and_count_as_reachable(
    sandbox: InProcess,
) -> None:
    elsewhere = ["https://example.com/a.png", "http://10.0.0.1/b.png", data_uri()]
    task_id = await sandbox.apixo(mode="image-to-image", image_urls=elsewhere)

    assert (await sandbox.apixo_status(task_id))["state"] == "success"


async def test_the_ledger_tells_what_was_asked_made_and_charged(sandbox: InProcess) -> None:
    task_id = await sandbox.apixo()
    row = (await sandbox.ledger("apixo"))[0]
    result: dict[str, Any] = row["results"][0]
    file = await sandbox.client.get(result["url"])

    assert row["task_id"] == task_id
    assert row["request"] == apixo_body()
    assert (row["state"], row["charged_usd"]) == ("success", "0.035")
    assert row["accepted_at"] <= row["finished_at"]
    assert result["bytes"] == len(file.content)
    assert result["content_type"] == file.headers["content-type"] == "image/png"
    assert (result["width"], result["height"]) == (2048, 2048)


async def test_a_file_that_was_never_made_is_not_found(sandbox: InProcess) -> None:
    assert (await sandbox.client.get("/files/apixo/unknown.png")).status_code == 404


async def test_a_cleared_ledger_is_empty_and_gives_the_balance_back(sandbox: InProcess) -> None:
    await sandbox.apixo()
    cleared = await sandbox.client.delete("/ledger")
    balance = await sandbox.client.get(f"{APIXO}/apikeys/current-balance")

    assert cleared.status_code == 204
    assert (await sandbox.client.get("/ledger")).json() == {"apixo": [], "oxen": [], "aimlapi": []}
    assert balance.json()["data"] == 1000


@pytest.mark.parametrize("balance_usd", [Decimal("0.05")])
async def test_a_precharge_beyond_the_balance_is_refused(sandbox: InProcess) -> None:
    url = f"{APIXO}/generateTask/seedream-4-5"
    answer = await sandbox.client.post(url, json=apixo_body(max_images=2))

    assert answer.status_code == answer.json()["code"] == 402
    assert answer.json()["message"] == "Insufficient credits"
