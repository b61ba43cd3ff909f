from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.naps import DeepSleep, Naps
from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import (
    APIXO,
    GENERATIONS,
    OXEN,
    InProcess,
    a_plan,
    apixo_body,
    oxen_body,
)

SUBMISSIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "apixo": (f"{APIXO}/generateTask/seedream-4-5", apixo_body(), "0.035"),
    "oxen": (f"{OXEN}/ai/queue", oxen_body(), "0.04"),
    "aimlapi": (GENERATIONS, {"model": "bytedance/seedream-4-5", "prompt": "a fox"}, "0.042"),
}

KEY = {"authorization": "Bearer any-key"}

everywhere = pytest.mark.parametrize("provider", SUBMISSIONS)


@pytest.fixture
def sleep() -> Naps:
    return Naps()


@pytest.fixture(scope="module")
def served() -> Iterator[httpx.Client]:
    with (
        serving(lambda url: create_app(SandboxSettings(base_url=url))) as base_url,
        httpx.Client(base_url=base_url, headers=KEY, trust_env=False) as client,
    ):
        yield client


async def submit(sandbox: InProcess, provider: str) -> httpx.Response:
    path, body, _ = SUBMISSIONS[provider]
    answer = await sandbox.client.post(path, json=body)
    await sandbox.settled()
    return answer


async def assert_charged_once(sandbox: InProcess, provider: str, *faults: str) -> None:
    row = await sandbox.row(provider)
    assert row["charged_usd"] == SUBMISSIONS[provider][2]
    assert row["faults"] == list(faults)


@pytest.mark.anyio
@everywhere
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_error_may_come_before_the_request_is_accepted_or_after(
    sandbox: InProcess, provider: str, status: int
) -> None:
    await sandbox.suffer(provider, {"fault": "submit-error", "status": status})
    before = await submit(sandbox, provider)
    assert await sandbox.ledger(provider) == []

    await sandbox.suffer(provider, {"fault": "answer-error", "status": status})
    after = await submit(sandbox, provider)

    assert before.status_code == after.status_code == status
    proxy = status in {502, 504}
    assert before.headers["content-type"].startswith("text/html" if proxy else "application/json")
    await assert_charged_once(sandbox, provider, "answer-error")


@pytest.mark.anyio
@everywhere
@pytest.mark.parametrize(("fault", "start"), [("html", "<!DOCTYPE html>"), ("empty", "")])
async def test_a_200_may_hold_a_page_or_nothing_whether_accepted_or_not(
    sandbox: InProcess, provider: str, fault: str, start: str
) -> None:
    await sandbox.suffer(provider, f"submit-{fault}")
    before = await submit(sandbox, provider)
    assert await sandbox.ledger(provider) == []

    await sandbox.suffer(provider, f"answer-{fault}")
    after = await submit(sandbox, provider)

    assert before.status_code == after.status_code == 200
    assert before.text[:15] == after.text[:15] == start
    await assert_charged_once(sandbox, provider, f"answer-{fault}")


@everywhere
def test_a_connection_may_end_without_an_answer_before_the_request_is_accepted_or_after(
    served: httpx.Client, provider: str
) -> None:
    path, body, price = SUBMISSIONS[provider]
    for fault, rows in (("submit-dropped", 0), ("answer-dropped", 1)):
        served.put("/faults", json=a_plan(provider, fault)).raise_for_status()

        with pytest.raises(httpx.RemoteProtocolError):
            served.post(path, json=body)
        assert len(served.get("/ledger").json()[provider]) == rows

    (row,) = served.get("/ledger").json()[provider]
    assert row["faults"] == ["answer-dropped"]
    assert row["charged_usd"] in {None, price}


@pytest.mark.anyio
@everywhere
async def test_an_answer_may_come_late(sandbox: InProcess, provider: str, sleep: Naps) -> None:
    await sandbox.suffer(provider, {"fault": "answer-delayed", "seconds": 61})
    answer = await submit(sandbox, provider)

    assert answer.status_code == 200
    assert sleep.taken == [61]
    await assert_charged_once(sandbox, provider, "answer-delayed")


@pytest.mark.anyio
@everywhere
@pytest.mark.parametrize("status", [201, 202])
async def test_success_may_come_under_another_status(
    sandbox: InProcess, provider: str, status: int
) -> None:
    await sandbox.suffer(provider, {"fault": "answer-status", "status": status})
    answer = await submit(sandbox, provider)

    assert answer.status_code == status
    assert {"data", "generations"} & set(answer.json())
    await assert_charged_once(sandbox, provider, "answer-status")


@pytest.mark.anyio
async def test_a_late_answer_may_be_an_error_as_well(sandbox: InProcess, sleep: Naps) -> None:
    late: dict[str, Any] = {"fault": "answer-delayed", "seconds": 5}
    error: dict[str, Any] = {"fault": "answer-error"}
    for first, second in ((late, error), (error, late)):
        await sandbox.suffer("apixo", first, second)
        assert (await submit(sandbox, "apixo")).status_code == 500

    assert sleep.taken == [5, 5]


@pytest.mark.anyio
@everywhere
@pytest.mark.parametrize("wait", [None, 7])
async def test_a_rate_limit_may_name_its_wait_or_not(
    sandbox: InProcess, provider: str, wait: int | None
) -> None:
    named = {"retry_after": wait} if wait else {}
    await sandbox.suffer(provider, {"fault": "submit-rate-limited", **named})
    answer = await submit(sandbox, provider)

    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == (str(wait) if wait else None)
    assert await sandbox.ledger(provider) == []


@pytest.mark.anyio
@everywhere
async def test_a_key_may_be_revoked(sandbox: InProcess, provider: str) -> None:
    await sandbox.suffer(provider, "submit-key-revoked")

    assert (await submit(sandbox, provider)).status_code == 401
    assert await sandbox.ledger(provider) == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("provider", "parameters", "status", "where"),
    [
        ("apixo", {}, 402, "message"),
        ("apixo", {"status": 400}, 400, "message"),
        ("oxen", {}, 402, "error"),
        ("oxen", {"status": 429}, 429, "error"),
        ("aimlapi", {}, 403, "message"),
    ],
)
async def test_credits_run_out_in_each_provider_s_shapes(
    sandbox: InProcess, provider: str, parameters: dict[str, int], status: int, where: str
) -> None:
    await sandbox.suffer(provider, {"fault": "submit-credits-gone", **parameters})
    answer = await submit(sandbox, provider)

    assert answer.status_code == status
    assert "credits" in str(answer.json()[where])
    assert await sandbox.ledger(provider) == []


@pytest.mark.anyio
async def test_apixo_may_refuse_in_the_body_of_a_200(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", {"fault": "submit-code", "code": 402, "message": "No money"})
    answer = await submit(sandbox, "apixo")

    assert answer.status_code == 200
    assert answer.json() == {"code": 402, "message": "No money", "data": {"error": "No money"}}
    assert await sandbox.ledger("apixo") == []


@pytest.mark.anyio
async def test_apixo_may_refuse_in_words_and_accept_in_deed(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "answer-code")
    answer = await submit(sandbox, "apixo")
    told = answer.json()

    assert (answer.status_code, told["code"]) == (200, 500)
    assert told["data"]["taskId"] == (await sandbox.row("apixo"))["task_id"]
    await assert_charged_once(sandbox, "apixo", "answer-code")


@pytest.mark.anyio
async def test_oxen_may_answer_200_with_no_generations_and_an_error(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "submit-no-generations")
    answer = await submit(sandbox, "oxen")

    assert answer.status_code == 200
    assert answer.json() == {"generations": [], "error": {"message": "Could not enqueue"}}
    assert await sandbox.ledger("oxen") == []


@pytest.mark.anyio
async def test_every_generation_of_a_spoilt_answer_says_so(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "answer-error")
    await sandbox.client.post(f"{OXEN}/ai/queue", json=oxen_body(num_generations=3))
    await sandbox.settled()

    assert [row["faults"] for row in await sandbox.ledger("oxen")] == [["answer-error"]] * 3


@pytest.mark.anyio
async def test_blocking_calls_of_oxen_are_submissions_too(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "answer-error")
    answer = await sandbox.client.post(f"{OXEN}/ai/images/generate", json=oxen_body())

    assert answer.status_code == 500
    await assert_charged_once(sandbox, "oxen", "answer-error")


@pytest.mark.anyio
@everywhere
async def test_a_request_that_is_refused_anyway_is_refused_truly(
    sandbox: InProcess, provider: str
) -> None:
    await sandbox.suffer(provider, "answer-error")
    answer = await sandbox.client.post(SUBMISSIONS[provider][0], json={})
    shown = (await sandbox.client.get("/faults")).json()

    assert answer.status_code == 400
    assert shown["struck"] == {provider: {"answer-error": 0}}


@pytest.mark.anyio
async def test_the_callback_may_come_before_the_answer(sandbox: InProcess, peer: Peer) -> None:
    await sandbox.suffer("apixo", "answer-after-callback")
    request = {"request_type": "callback", "callback_url": peer.url("callback")}
    answer = await sandbox.submit_apixo(request=request)
    received = list(peer.received)
    await sandbox.settled()

    assert len(received) == 1
    assert answer.json()["data"]["taskId"] in str(received[0])
    await assert_charged_once(sandbox, "apixo", "answer-after-callback")


@pytest.mark.anyio
async def test_an_answer_does_not_wait_for_a_callback_for_ever(
    sandbox: InProcess, peer: Peer
) -> None:
    after: dict[str, Any] = {"fault": "answer-after-callback", "seconds": 0}
    await sandbox.suffer("apixo", after, "callback-dropped")
    request = {"request_type": "callback", "callback_url": peer.url("callback")}

    assert (await sandbox.submit_apixo(request=request)).status_code == 200


@pytest.mark.anyio
async def test_an_answer_to_a_task_without_callback_waits_for_none(sandbox: InProcess) -> None:
    await sandbox.suffer("apixo", "answer-after-callback")
    await sandbox.apixo()

    assert (await sandbox.row("apixo"))["faults"] == []


def test_an_answer_that_is_still_held_back_does_not_hold_the_shutdown_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sleep = DeepSleep()
    path, body, _ = SUBMISSIONS["apixo"]
    late = a_plan("apixo", {"fault": "answer-delayed", "seconds": 3600})
    with ThreadPoolExecutor() as pool, httpx.Client(headers=KEY, trust_env=False) as client:
        with serving(lambda url: create_app(SandboxSettings(base_url=url), sleep=sleep)) as url:
            client.put(f"{url}/faults", json=late).raise_for_status()
            call = pool.submit(client.post, url + path, json=body)
            assert sleep.begun.wait(10)

        assert isinstance(call.exception(), httpx.RemoteProtocolError)
    assert not caplog.records
