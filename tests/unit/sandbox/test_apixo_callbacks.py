import hashlib
import logging
from typing import Any

import pytest

from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import APIXO, InProcess

pytestmark = pytest.mark.anyio


def calling(url: str) -> dict[str, Any]:
    return {"request_type": "callback", "callback_url": url}


async def tries(sandbox: InProcess) -> list[tuple[int, int | str]]:
    row = (await sandbox.ledger("apixo"))[0]
    return [(one["try"], one["status"]) for one in row["callbacks"]]


@pytest.mark.parametrize("prompt", ["a fox", "a fox [refuse]"])
async def test_a_callback_carries_the_very_body_of_the_status(
    sandbox: InProcess, peer: Peer, prompt: str
) -> None:
    task_id = await sandbox.apixo(request=calling(peer.url("callback")), prompt=prompt)
    url = f"{APIXO}/statusTask/seedream-4-5?taskId={task_id}"

    assert peer.received == [(await sandbox.client.get(url)).json()]
    assert await tries(sandbox) == [(1, 200)]


async def test_a_callback_is_tried_until_it_is_answered_200(sandbox: InProcess, peer: Peer) -> None:
    peer.answers = [500, 204]
    await sandbox.apixo(request=calling(peer.url("callback")))

    assert await tries(sandbox) == [(1, 500), (2, 204), (3, 200)]
    assert len(peer.received) == 3


async def test_after_four_tries_there_is_silence_and_the_status_stays(
    sandbox: InProcess, peer: Peer
) -> None:
    peer.answers = [503] * 9
    task_id = await sandbox.apixo(request=calling(peer.url("callback")))

    assert await tries(sandbox) == [(1, 503), (2, 503), (3, 503), (4, 503)]
    assert (await sandbox.apixo_status(task_id))["state"] == "success"


async def test_a_redirect_is_not_followed(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.apixo(request=calling(peer.url("moved")))

    assert await tries(sandbox) == [(number, 307) for number in range(1, 5)]
    assert peer.images_served == 0


async def test_a_callback_to_another_machine_is_recorded_and_not_sent(sandbox: InProcess) -> None:
    await sandbox.apixo(request=calling("https://example.com/hook"))

    assert await tries(sandbox) == [(1, "not sent")]


async def test_polled_tasks_are_not_called_back(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.apixo(request={"callback_url": peer.url("callback")})

    assert peer.received == []


async def test_a_callback_url_is_shown_and_logged_by_its_fingerprint_alone(
    sandbox: InProcess, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = peer.url("callback?token=secret-token")
    await sandbox.apixo(request=calling(url))
    shown = await sandbox.client.get("/ledger")
    fingerprint = hashlib.sha256(url.encode()).hexdigest()

    row = shown.json()["apixo"][0]
    assert row["request"]["callback_url"] == f"sha256:{fingerprint}"
    assert row["callbacks"][0]["url_sha256"] == fingerprint
    assert "secret-token" not in shown.text + caplog.text
