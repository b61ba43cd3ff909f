from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.naps import Naps
from tests.unit.sandbox.talking import APIXO, OXEN, InProcess, a_plan, oxen_body

pytestmark = pytest.mark.anyio

LOGS = "/aimlapi/v2/logs?period=1h"
QUEUE = f"{OXEN}/ai/queue"

everywhere = pytest.mark.parametrize("provider", ["apixo", "oxen", "aimlapi"])


@pytest.fixture
def sleep() -> Naps:
    return Naps()


@pytest.fixture(scope="module")
def served() -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer any-key"}
    with (
        serving(lambda url: create_app(SandboxSettings(base_url=url))) as base_url,
        httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client,
    ):
        yield client


async def question(sandbox: InProcess, provider: str) -> str:
    """Return where to ask about a task that has ended."""
    if provider == "apixo":
        return f"{APIXO}/statusTask/seedream-4-5?taskId={await sandbox.apixo()}"
    if provider == "aimlapi":
        return LOGS
    (generation_id,) = await sandbox.oxen()
    await sandbox.settled()
    return f"{QUEUE}/{generation_id}"


@everywhere
@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ({"fault": "status-error", "status": 500}, 500, "{"),
        ({"fault": "status-error", "status": 502}, 502, "<"),
        ({"fault": "status-error", "status": 503}, 503, "{"),
        ({"fault": "status-error", "status": 504}, 504, "<"),
        ({"fault": "status-html"}, 200, "<"),
        ({"fault": "status-empty"}, 200, ""),
        ({"fault": "status-rate-limited"}, 429, "{"),
        ({"fault": "status-key-revoked"}, 401, "{"),
    ],
)
async def test_a_question_may_be_answered_badly_once_and_well_the_next_time(
    sandbox: InProcess,
    provider: str,
    fault: dict[str, Any],
    status: int,
    start: str,
) -> None:
    url = await question(sandbox, provider)
    await sandbox.suffer(provider, fault | {"times": 1})
    spoilt, good = [await sandbox.client.get(url) for _ in range(2)]

    assert (spoilt.status_code, spoilt.text[:1]) == (status, start)
    assert good.status_code == 200
    assert good.json()
    noted = [row["faults"] for row in await sandbox.ledger(provider)]
    assert noted == ([] if provider == "aimlapi" else [[fault["fault"]]])


@pytest.mark.parametrize("provider", ["apixo", "oxen"])
async def test_a_known_task_may_be_not_found(sandbox: InProcess, provider: str) -> None:
    url = await question(sandbox, provider)
    await sandbox.suffer(provider, "status-not-found")
    lost = await sandbox.client.get(url)
    row = await sandbox.row(provider)

    assert lost.status_code == 404
    assert row["faults"] == ["status-not-found"]
    assert row["results"]


@everywhere
async def test_an_answer_to_a_question_may_hang(
    sandbox: InProcess, provider: str, sleep: Naps
) -> None:
    url = await question(sandbox, provider)
    await sandbox.suffer(provider, {"fault": "status-delayed", "seconds": 30})

    assert (await sandbox.client.get(url)).status_code == 200
    assert sleep.taken == [30]


async def test_only_good_answers_are_spoilt(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", "status-html")

    assert (await sandbox.client.get(f"{QUEUE}/unknown")).status_code == 404


async def test_the_history_of_one_generation_is_a_question_too(sandbox: InProcess) -> None:
    url = (await question(sandbox, "oxen")).replace("queue", "generations")
    await sandbox.suffer("oxen", "status-error")

    assert (await sandbox.client.get(url)).status_code == 500
    assert (await sandbox.row("oxen"))["faults"] == ["status-error"]


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ("list-error", 500, "{"),
        ("list-html", 200, "<"),
        ("list-empty", 200, ""),
        ("list-rate-limited", 429, "{"),
        ("list-key-revoked", 401, "{"),
        ("list-not-found", 404, "{"),
    ],
)
@pytest.mark.parametrize("path", ["queue", "generations"])
async def test_a_list_may_be_answered_badly(
    sandbox: InProcess, path: str, fault: str, status: int, start: str
) -> None:
    await sandbox.suffer("oxen", fault)
    answer = await sandbox.client.get(f"{OXEN}/ai/{path}")

    assert (answer.status_code, answer.text[:1]) == (status, start)


async def test_a_list_may_hang(sandbox: InProcess, sleep: Naps) -> None:
    await sandbox.suffer("oxen", {"fault": "list-delayed", "seconds": 9})

    assert (await sandbox.client.get(QUEUE)).status_code == 200
    assert sleep.taken == [9]


async def test_a_list_may_lack_what_the_queue_still_knows(sandbox: InProcess) -> None:
    ids = await sandbox.oxen(num_generations=3)
    await sandbox.settled()
    await sandbox.suffer("oxen", {"fault": "list-lacking", "ids": 2})
    answer = (await sandbox.client.get(f"{QUEUE}?status=succeeded")).json()

    assert answer["count"] == 1
    assert [row["generation_id"] for row in answer["generations"]] == ids[2:]
    assert (await sandbox.oxen_row(ids[0]))["status"] == "succeeded"
    faults = [row["faults"] for row in await sandbox.ledger("oxen")]
    assert faults == [["list-lacking"], ["list-lacking"], []]


async def test_an_empty_list_cannot_lack_anything(sandbox: InProcess) -> None:
    await sandbox.suffer("oxen", {"fault": "list-lacking", "times": 1})
    await sandbox.client.get(QUEUE)

    assert (await sandbox.client.get("/faults")).json()["struck"] == {"oxen": {"list-lacking": 0}}


async def test_a_fault_of_the_list_leaves_the_questions_alone(sandbox: InProcess) -> None:
    url = await question(sandbox, "oxen")
    await sandbox.suffer("oxen", "list-error")

    assert (await sandbox.client.get(url)).status_code == 200


def test_a_question_may_be_dropped(served: httpx.Client) -> None:
    faults: list[Any] = ["status-dropped", "list-dropped"]
    served.put("/faults", json=a_plan("oxen", *faults)).raise_for_status()
    queued = served.post(QUEUE, json=oxen_body()).raise_for_status().json()
    generation_id = queued["generations"][0]["generation_id"]

    for url in (QUEUE, f"{QUEUE}/{generation_id}"):
        with pytest.raises(httpx.RemoteProtocolError):
            served.get(url)
