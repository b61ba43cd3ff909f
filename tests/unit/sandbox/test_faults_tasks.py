import asyncio
import json
from typing import Any

import pytest

from local.sandbox.faults.tasks import FAIL_CODES
from tests.unit.sandbox.naps import Naps
from tests.unit.sandbox.talking import GENERATIONS, OXEN, InProcess, oxen_body, urls_of

pytestmark = pytest.mark.anyio

AIMLAPI_BODY = {"model": "bytedance/seedream-4-5", "prompt": "a fox"}
LOOKS = 1000


@pytest.fixture
def sleep() -> Naps:
    return Naps()


async def oxen_outcome(sandbox: InProcess) -> dict[str, Any]:
    (generation_id,) = await sandbox.oxen()
    await sandbox.settled()
    return await sandbox.oxen_row(generation_id)


async def assert_over(sandbox: InProcess, provider: str, fault: str, charged: str) -> None:
    row = await sandbox.row(provider)
    assert (row["faults"], row["charged_usd"]) == ([fault], charged)


async def test_apixo_may_deliver_fewer_pictures_and_bill_those(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", {"fault": "task-partial", "images": 2})
    status = await sandbox.apixo_status(await sandbox.apixo(max_images=3))

    assert status["state"] == "success"
    assert len(urls_of(status)) == 2
    await assert_over(sandbox, "apixo", "task-partial", "0.070")


async def test_content_may_be_refused_at_every_provider(sandbox: InProcess) -> None:
    for provider in ("apixo", "oxen", "aimlapi"):
        await sandbox.suffer(provider, "task-refused")
        if provider == "apixo":
            status = await sandbox.apixo_status(await sandbox.apixo())
            assert status["failCode"] == "SensitiveContentDetected"
            await assert_over(sandbox, provider, "task-refused", "0.000")
        elif provider == "oxen":
            assert "SensitiveContent" in (await oxen_outcome(sandbox))["error_message"]
            await assert_over(sandbox, provider, "task-refused", "0")
        else:
            answer = await sandbox.client.post(GENERATIONS, json=AIMLAPI_BODY)
            assert (answer.status_code, "SensitiveContent" in answer.text) == (400, True)
            await assert_over(sandbox, provider, "task-refused", "0")


@pytest.mark.parametrize("code", [*FAIL_CODES, "SomethingNew"])
async def test_an_apixo_task_may_fail_with_any_code(sandbox: InProcess, code: str) -> None:
    await sandbox.suffer("apixo", {"fault": "task-failed", "code": code})
    status = await sandbox.apixo_status(await sandbox.apixo())

    assert (status["state"], status["failCode"]) == ("failed", code)
    assert status["failMsg"]
    await assert_over(sandbox, "apixo", "task-failed", "0.000")


async def test_an_oxen_generation_may_fail_with_any_text(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", {"fault": "task-failed", "message": "Worker lost"})
    row = await oxen_outcome(sandbox)

    assert (row["status"], row["error_message"]) == ("failed", "Worker lost")
    await assert_over(sandbox, "oxen", "task-failed", "0")


async def test_aimlapi_may_fail_with_any_status_and_bills_nothing(sandbox: InProcess) -> None:
    await sandbox.suffer("aimlapi", {"fault": "task-failed", "status": 504, "message": "Timeout"})
    answer = await sandbox.client.post(GENERATIONS, json=AIMLAPI_BODY)

    assert answer.status_code == 504
    assert answer.json()["message"] == "Timeout"
    assert answer.headers["x-aimlapi-credits-used"] == "0"
    await assert_over(sandbox, "aimlapi", "task-failed", "0")


async def test_credits_may_run_out_after_the_request_was_accepted(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "task-credits-gone")
    assert (await sandbox.apixo_status(await sandbox.apixo()))["failCode"] == "INSUFFICIENT_CREDITS"

    await sandbox.suffer("oxen", "task-credits-gone")
    assert (await oxen_outcome(sandbox))["error_message"] == "Insufficient credits"
    await assert_over(sandbox, "oxen", "task-credits-gone", "0")


async def test_an_apixo_success_without_pictures_costs_nothing(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "task-empty")
    status = await sandbox.apixo_status(await sandbox.apixo())

    assert (status["state"], urls_of(status)) == ("success", [])
    await assert_over(sandbox, "apixo", "task-empty", "0.000")


async def test_an_oxen_success_without_a_picture_is_billed(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "task-empty")
    row = await oxen_outcome(sandbox)

    assert (row["status"], row["result_url"]) == ("succeeded", None)
    await assert_over(sandbox, "oxen", "task-empty", "0.04")


async def test_a_blocking_success_without_a_picture_is_billed(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "task-empty")
    oxen = await sandbox.client.post(f"{OXEN}/ai/images/generate", json=oxen_body())
    await sandbox.suffer("aimlapi", "task-empty")
    aimlapi = await sandbox.client.post(GENERATIONS, json=AIMLAPI_BODY)

    assert (oxen.status_code, oxen.json()["images"]) == (200, [])
    assert (aimlapi.status_code, aimlapi.json()["data"]) == (200, [])
    await assert_over(sandbox, "oxen", "task-empty", "0.04")
    await assert_over(sandbox, "aimlapi", "task-empty", "0.042")


async def test_a_result_json_may_be_no_json_though_the_pictures_are_made_and_billed(
    sandbox: InProcess,
) -> None:
    await sandbox.suffer("apixo", "task-unreadable")
    status = await sandbox.apixo_status(await sandbox.apixo())

    assert status["state"] == "success"
    with pytest.raises(json.JSONDecodeError):
        json.loads(status["resultJson"])
    await assert_over(sandbox, "apixo", "task-unreadable", "0.035")


async def test_a_task_may_be_pending_for_ever_and_its_precharge_is_kept(
    sandbox: InProcess,
) -> None:
    await sandbox.suffer("apixo", "task-pending")
    await sandbox.submit_apixo()
    await sandbox.suffer("oxen", "task-pending")
    await sandbox.oxen()
    for _ in range(LOOKS):
        await asyncio.sleep(0)

    apixo, oxen = await sandbox.row("apixo"), await sandbox.row("oxen")
    assert (apixo["state"], apixo["charged_usd"]) == ("processing", "0.035")
    assert (oxen["state"], oxen["charged_usd"]) == ("processing", None)
    assert oxen["finished_at"] is None


@pytest.mark.parametrize("latency", [1.0])
async def test_a_task_may_take_many_times_as_long(sandbox: InProcess, sleep: Naps) -> None:
    await sandbox.suffer("apixo", {"fault": "task-slow", "factor": 20})
    await sandbox.apixo()
    queued, working = sleep.taken

    assert working == pytest.approx(queued * 9 * 20)
    await assert_over(sandbox, "apixo", "task-slow", "0.035")


async def test_faults_of_a_task_add_up(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "task-partial", "task-slow", "task-unreadable")
    await sandbox.apixo(max_images=2)

    row = await sandbox.row("apixo")
    assert row["faults"] == ["task-partial", "task-slow", "task-unreadable"]
    assert row["images_made"] == 1
