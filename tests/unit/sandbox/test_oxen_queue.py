import asyncio
from typing import Any

import pytest

from tests.unit.sandbox.peers import Peer
from tests.unit.sandbox.talking import OXEN, InProcess, oxen_body

pytestmark = pytest.mark.anyio

QUEUE = f"{OXEN}/ai/queue"


async def test_each_generation_has_an_id_and_makes_one_picture(sandbox: InProcess) -> None:
    ids = await sandbox.oxen(num_generations=3, aspect_ratio="3:2")
    await sandbox.settled()
    rows = [await sandbox.oxen_row(generation_id) for generation_id in ids]

    assert len(set(ids)) == 3
    for row in rows:
        assert (row["status"], row["error_message"]) == ("succeeded", None)
        assert (await sandbox.image(row["result_url"])).size == (2496, 1664)
    assert [row["charged_usd"] for row in await sandbox.ledger("oxen")] == ["0.04"] * 3


@pytest.mark.parametrize("latency", [1000.0])
async def test_a_queued_generation_echoes_what_was_asked_and_has_no_outcome(
    sandbox: InProcess,
) -> None:
    (generation_id,) = await sandbox.oxen(seed=7)
    row = await sandbox.oxen_row(generation_id)

    assert isinstance(row.pop("enqueued_at"), int)
    assert row == {
        "generation_id": generation_id,
        "model_name": "bytedance-seedream-4-5",
        "prompt": "a fox",
        "size": "2K",
        "seed": 7,
        "media_type": "image",
        "status": "queued",
        "result_url": None,
        "error_message": None,
        "started_at": None,
        "completed_at": None,
    }


async def test_a_generation_is_processing_while_it_works(sandbox: InProcess, peer: Peer) -> None:
    (generation_id,) = await sandbox.oxen(input_image=[peer.url("slow.png")])
    await asyncio.to_thread(peer.asked.wait)

    assert (await sandbox.oxen_row(generation_id))["status"] == "processing"

    peer.let_go()
    await sandbox.settled()

    assert (await sandbox.oxen_row(generation_id))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"prompt": ...}, "Missing required field: prompt"),
        ({"resolution": "2K"}, "Unknown field: resolution"),
        ({"size": "3K"}, "Invalid value for size"),
        ({"aspect_ratio": "21:9"}, "Invalid value for aspect_ratio"),
        ({"seed": "7"}, "Invalid value for seed"),
        ({"seed": None}, "Invalid value for seed"),
        ({"input_image": "https://example.com/a.png"}, "Invalid value for input_image"),
        ({"input_image": ["https://example.com/a.png"] * 11}, "Invalid value for input_image"),
        ({"image_input": ["https://example.com/a.png"]}, "Unknown field: image_input"),
        ({"prompt": "no [refuse]"}, "InputTextSensitiveContentDetected"),
    ],
)
async def test_what_the_model_does_not_take_is_queued_and_fails_later_at_no_cost(
    sandbox: InProcess, params: dict[str, Any], error: str
) -> None:
    (generation_id,) = await sandbox.oxen(**params)
    await sandbox.settled()
    row = await sandbox.oxen_row(generation_id)

    assert (row["status"], row["result_url"]) == ("failed", None)
    assert row["error_message"].startswith(error)
    assert (await sandbox.ledger("oxen"))[0]["charged_usd"] == "0"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("forbidden.png", "403 Client Error: Forbidden"),
        ("text.png", "Cannot identify image file"),
    ],
)
async def test_an_unreadable_reference_fails_in_the_words_of_the_http_client(
    sandbox: InProcess, peer: Peer, path: str, error: str
) -> None:
    url = peer.url(path)
    (generation_id,) = await sandbox.oxen(input_image=[url])
    await sandbox.settled()

    row = await sandbox.oxen_row(generation_id)
    assert row["error_message"] == f"{error} for url: {url}"


@pytest.mark.parametrize("count", [0, 5, "2", True, 1.0, None])
async def test_the_count_is_checked_at_once(sandbox: InProcess, count: Any) -> None:
    answer = await sandbox.client.post(QUEUE, json=oxen_body(num_generations=count))

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "type": "invalid_params",
            "title": "Bad Request",
            "detail": "num_generations must be an integer between 1 and 4",
        },
        "status": "error",
        "status_message": "invalid_params",
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"seed": NaN}', b'{"seed": 1e999}'])
async def test_oxen_refuses_a_body_that_is_no_json_object(sandbox: InProcess, body: bytes) -> None:
    answer = await sandbox.client.post(QUEUE, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["detail"] == "The body is not a JSON object"


async def test_an_unknown_model_is_told_in_the_other_error_body(sandbox: InProcess) -> None:
    answer = await sandbox.client.post(QUEUE, json=oxen_body(model="gpt-9"))

    assert answer.status_code == 404
    assert answer.json() == {"error": {"message": "Model not found: gpt-9"}}


@pytest.mark.parametrize("path", ["queue", "generations", "models", "queue/unknown"])
async def test_oxen_answers_401_without_a_key(sandbox: InProcess, path: str) -> None:
    answer = await sandbox.client.get(f"{OXEN}/ai/{path}", headers={"authorization": "Bearer "})

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == answer.json()["status_message"] == "unauthenticated"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "queue/unknown"),
        ("DELETE", "queue/unknown"),
        ("GET", "generations/unknown"),
        ("GET", "models/unknown"),
        ("GET", "nowhere"),
    ],
)
async def test_what_oxen_does_not_know_is_resource_not_found(
    sandbox: InProcess, method: str, path: str
) -> None:
    answer = await sandbox.client.request(method, f"{OXEN}/ai/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "resource_not_found"


@pytest.mark.parametrize("latency", [1000.0])
async def test_a_cancelled_generation_keeps_its_row_makes_nothing_and_costs_nothing(
    sandbox: InProcess,
) -> None:
    (generation_id,) = await sandbox.oxen()
    url = f"{QUEUE}/{generation_id}"
    answers = [(await sandbox.client.delete(url)).json() for _ in range(2)]
    await sandbox.settled()
    row = (await sandbox.ledger("oxen"))[0]

    assert answers == [{"status": "success", "generation_id": generation_id}] * 2
    assert (await sandbox.oxen_row(generation_id))["status"] == "cancelled"
    assert (row["state"], row["images_made"], row["charged_usd"]) == ("cancelled", 0, "0")


async def test_cancelling_what_is_over_changes_nothing(sandbox: InProcess) -> None:
    (generation_id,) = await sandbox.oxen()
    await sandbox.settled()
    before = await sandbox.oxen_row(generation_id)
    answer = await sandbox.client.delete(f"{QUEUE}/{generation_id}")

    assert answer.status_code == 200
    assert await sandbox.oxen_row(generation_id) == before


@pytest.mark.parametrize("latency", [1000.0])
async def test_the_list_shows_active_ones_unless_a_status_is_named(sandbox: InProcess) -> None:
    kept, dropped = await sandbox.oxen(num_generations=2)
    await sandbox.oxen(target_namespace="elsewhere")
    await sandbox.client.delete(f"{QUEUE}/{dropped}")

    async def listed(**filters: str) -> list[str]:
        answer = (await sandbox.client.get(QUEUE, params=filters)).json()
        assert answer["count"] == len(answer["generations"])
        return [row["generation_id"] for row in answer["generations"]]

    assert await listed() == [kept]
    assert await listed(status="cancelled") == [dropped]
    assert await listed(model="bytedance-seedream-4") == []
    assert await listed(media_type="video") == []
    assert len(await listed(namespace="elsewhere")) == 1


async def test_only_the_history_tells_the_cost(sandbox: InProcess) -> None:
    ids = await sandbox.oxen(num_generations=3)
    await sandbox.oxen(size="8K")
    await sandbox.settled()
    one = (await sandbox.client.get(f"{OXEN}/ai/generations/{ids[0]}")).json()
    page = (await sandbox.client.get(f"{OXEN}/ai/generations?page=2&page_size=3")).json()

    assert (one["status"], one["status_message"]) == ("success", "resource_found")
    assert one["generation"]["cost"] == "0.04"
    assert one["generation"]["size"] == "2K"
    assert "cost" not in await sandbox.oxen_row(ids[0])
    assert page.pop("generations")[0]["generation_id"] == ids[0]
    assert page == {
        "count": 1,
        "page_number": 2,
        "page_size": 3,
        "total_entries": 4,
        "total_pages": 2,
        "total_cost": "0.12",
    }


@pytest.mark.parametrize("query", ["page=0", "page_size=1001", "page=x", "status=done"])
async def test_a_filter_that_makes_no_sense_is_refused(sandbox: InProcess, query: str) -> None:
    answer = await sandbox.client.get(f"{OXEN}/ai/generations?{query}")

    assert answer.status_code == 400
