"""Results in another place, or of another kind, than they should be."""

import hashlib
from typing import Any

import pytest

from local.sandbox.ledger import Provider
from shared.adapters.inline_images import image_in, link_of
from shared.domain.image_probe import ImageProbe
from tests.unit.sandbox.talking import GENERATIONS, OXEN, InProcess, oxen_body, urls_of

DRESSES = ["data-uri", "capitals", "base64", "base64url", "unpadded", "lines"]
AIMLAPI_BODY = {"model": "bytedance/seedream-4-5", "prompt": "a fox"}


async def checksum_of(sandbox: InProcess, provider: str) -> str:
    sha256: str = (await sandbox.row(provider))["results"][0]["sha256"]
    return sha256


@pytest.mark.anyio
@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("provider", "path", "body", "images"),
    [
        ("aimlapi", GENERATIONS, AIMLAPI_BODY, "data"),
        ("oxen", f"{OXEN}/ai/images/generate", oxen_body(), "images"),
    ],
)
async def test_an_answer_may_hold_the_image_itself(  # noqa: PLR0913, PLR0917  # two tables crossed
    sandbox: InProcess, provider: str, path: str, body: Any, images: str, dress: str
) -> None:
    await sandbox.suffer(provider, {"fault": "answer-inline", "dress": dress})
    answer = await sandbox.client.post(path, json=body)
    assert "x-inference-id" in answer.headers or provider == "oxen"
    (row,) = answer.raise_for_status().json()[images]
    content = image_in(row)

    assert isinstance(content, bytes)
    assert hashlib.sha256(content).hexdigest() == await checksum_of(sandbox, provider)
    assert (await sandbox.row(provider))["faults"] == ["answer-inline"]


@pytest.mark.anyio
async def test_a_status_may_hold_the_image_itself(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "status-inline")
    (url,) = urls_of(await sandbox.apixo_status(await sandbox.apixo()))

    assert link_of(url) == url
    content = image_in({"url": url})
    assert isinstance(content, bytes)
    assert hashlib.sha256(content).hexdigest() == await checksum_of(sandbox, Provider.APIXO)


@pytest.mark.anyio
async def test_while_nothing_is_made_a_status_has_nothing_to_hold(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "status-inline", "task-pending")
    (generation_id,) = await sandbox.oxen()

    assert (await sandbox.oxen_row(generation_id))["result_url"] is None


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["avif", "heic", "bmp", "tiff", "jxl"])
async def test_a_file_may_be_of_another_format(sandbox: InProcess, name: str) -> None:
    await sandbox.suffer("apixo", {"fault": "result-other-format", "format": name})

    assert (await probed(sandbox)).kind().extension == name


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["result-jpeg-without-end", "result-damaged"])
async def test_a_file_may_be_damaged(sandbox: InProcess, fault: str) -> None:
    await sandbox.suffer("apixo", fault)

    assert not (await probed(sandbox)).is_sound


async def probed(sandbox: InProcess) -> ImageProbe:
    (url,) = urls_of(await sandbox.apixo_status(await sandbox.apixo()))
    answer = await sandbox.client.get(url)
    assert int(answer.headers["content-length"]) == len(answer.content)
    probe = ImageProbe()
    probe.feed(answer.content)
    return probe
