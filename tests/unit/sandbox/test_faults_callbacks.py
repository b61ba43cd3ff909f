import json
from typing import Any

import pytest

from tests.unit.sandbox.naps import Naps
from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import InProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
def sleep() -> Naps:
    return Naps()


async def called_back(sandbox: InProcess, peer: Peer, **fields: Any) -> str:
    request = {"request_type": "callback", "callback_url": peer.url("callback/secret-token")}
    return await sandbox.apixo(request=request, **fields)


def told(peer: Peer) -> list[tuple[str, str]]:
    tasks = [received["data"] for received in map(dict[str, Any], _bodies(peer))]
    return [(task["taskId"], task["state"]) for task in tasks]


def _bodies(peer: Peer) -> list[dict[str, Any]]:
    return [body for body in peer.received if isinstance(body, dict)]


async def assert_noted(sandbox: InProcess, fault: str, *, forged: list[bool]) -> None:
    row = await sandbox.row("apixo")
    assert row["faults"] == [fault]
    assert [attempt["forged"] for attempt in row["callbacks"]] == forged
    assert (row["state"], row["charged_usd"]) == ("success", "0.035")


async def test_a_callback_may_never_come(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "callback-dropped")
    await called_back(sandbox, peer)

    assert peer.received == []
    await assert_noted(sandbox, "callback-dropped", forged=[])


async def test_a_callback_may_come_late(sandbox: InProcess, peer: Peer, sleep: Naps) -> None:
    await sandbox.suffer("apixo", {"fault": "callback-delayed", "seconds": 600})
    task_id = await called_back(sandbox, peer)

    assert sleep.taken == [600]
    assert told(peer) == [(task_id, "success")]
    await assert_noted(sandbox, "callback-delayed", forged=[False])


async def test_a_callback_may_come_again_and_again(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", {"fault": "callback-duplicated", "copies": 3})
    task_id = await called_back(sandbox, peer)

    assert told(peer) == [(task_id, "success")] * 4
    await assert_noted(sandbox, "callback-duplicated", forged=[False] * 4)


async def test_a_callback_may_be_overtaken_by_that_of_a_later_task(
    sandbox: InProcess, peer: Peer
) -> None:
    await sandbox.suffer("apixo", {"fault": "callback-overtaken", "times": 1})
    request = {"request_type": "callback", "callback_url": peer.url("callback/secret-token")}
    await sandbox.submit_apixo(request=request)
    await called_back(sandbox, peer)

    rows = await sandbox.ledger("apixo")
    (held,) = (row["task_id"] for row in rows if row["faults"] == ["callback-overtaken"])
    (later,) = (row["task_id"] for row in rows if not row["faults"])
    assert told(peer) == [(later, "success"), (held, "success")]


async def test_a_callback_that_nobody_overtakes_goes_out_when_its_time_is_over(
    sandbox: InProcess, peer: Peer
) -> None:
    await sandbox.suffer("apixo", {"fault": "callback-overtaken", "seconds": 0})
    task_id = await called_back(sandbox, peer)

    assert told(peer) == [(task_id, "success")]
    await assert_noted(sandbox, "callback-overtaken", forged=[False])


async def test_an_older_state_may_arrive_after_the_last_one(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "callback-stale")
    task_id = await called_back(sandbox, peer)

    assert told(peer) == [(task_id, "success"), (task_id, "processing")]
    assert set(_bodies(peer)[1]["data"]) == {"taskId", "state", "createTime"}
    await assert_noted(sandbox, "callback-stale", forged=[False, False])


async def test_a_stranger_may_call_with_an_altered_token(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "callback-forged-token")
    task_id = await called_back(sandbox, peer)

    assert peer.called == ["callback/secret-toAen", "callback/secret-token"]
    assert told(peer) == [(task_id, "success")] * 2
    await assert_noted(sandbox, "callback-forged-token", forged=[True, False])


async def test_a_stranger_may_name_another_task(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "callback-wrong-task")
    task_id = await called_back(sandbox, peer)
    (lie, state), truth = told(peer)

    assert truth == (task_id, "success")
    assert (len(lie), state) == (32, "success")
    assert lie != task_id
    await assert_noted(sandbox, "callback-wrong-task", forged=[True, False])


async def test_a_stranger_may_name_results_of_its_own(sandbox: InProcess, peer: Peer) -> None:
    urls = ["http://10.0.0.1/a.png", "file:///etc/hostname"]
    await sandbox.suffer("apixo", {"fault": "callback-forged-results", "urls": urls})
    task_id = await called_back(sandbox, peer)

    assert told(peer) == [(task_id, "success")] * 2
    assert json.loads(_bodies(peer)[0]["data"]["resultJson"]) == {"resultUrls": urls}
    await assert_noted(sandbox, "callback-forged-results", forged=[True, False])


async def test_a_stranger_may_claim_success_for_a_task_that_failed(
    sandbox: InProcess, peer: Peer
) -> None:
    await sandbox.suffer("apixo", "callback-forged-results")
    task_id = await called_back(sandbox, peer, prompt="[refuse]")

    assert told(peer) == [(task_id, "success"), (task_id, "failed")]
    assert "failCode" not in _bodies(peer)[0]["data"]


async def test_a_stranger_may_claim_failure_after_success(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "callback-forged-failure")
    task_id = await called_back(sandbox, peer)

    assert told(peer) == [(task_id, "success"), (task_id, "failed")]
    assert "resultJson" not in _bodies(peer)[1]["data"]
    await assert_noted(sandbox, "callback-forged-failure", forged=[False, True])


async def test_a_forgery_is_sent_once_whatever_it_is_answered(
    sandbox: InProcess, peer: Peer
) -> None:
    peer.answers = [404]
    await sandbox.suffer("apixo", "callback-wrong-task")
    await called_back(sandbox, peer)

    callbacks = (await sandbox.row("apixo"))["callbacks"]
    assert [(one["forged"], one["status"]) for one in callbacks] == [(True, 404), (False, 200)]


@pytest.mark.parametrize("fault", ["callback-stale", "callback-forged-failure"])
async def test_a_failed_task_gives_no_occasion_for_what_follows_a_success(
    sandbox: InProcess, peer: Peer, fault: str
) -> None:
    await sandbox.suffer("apixo", fault)
    await called_back(sandbox, peer, prompt="[refuse]")

    assert len(peer.received) == 1
    assert (await sandbox.row("apixo"))["faults"] == []


async def test_faults_of_a_callback_add_up(sandbox: InProcess, peer: Peer, sleep: Naps) -> None:
    late: dict[str, Any] = {"fault": "callback-delayed", "seconds": 9}
    await sandbox.suffer("apixo", "callback-duplicated", "callback-wrong-task", late)
    await called_back(sandbox, peer)

    assert len(peer.received) == 4
    assert sleep.taken == [9]
