import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.server import RunningSandbox, running_sandbox, serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.talking import oxen_body


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def client(running: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer any-key"}
    with httpx.Client(base_url=f"{running.oxen_url}/api", headers=headers) as client:
        yield client


def enqueue(client: httpx.Client, **params: Any) -> str:
    answer = client.post("/ai/queue", json=oxen_body(**params)).raise_for_status()
    generation_id: str = answer.json()["generations"][0]["generation_id"]
    return generation_id


def next_event(lines: Iterator[str]) -> tuple[str, dict[str, Any]]:
    name = next(line for line in lines if line.startswith("event: "))
    data = next(lines)
    assert data.startswith("data: ")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_success_is_told_in_the_stream_s_own_field_names(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as stream:
        generation_id = enqueue(client)
        name, told = next_event(stream.iter_lines())
    row = client.get(f"/ai/queue/{generation_id}").json()

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert name == "media_generation_completed"
    assert told == {
        "generation_id": generation_id,
        "status": "succeeded",
        "media_type": "image",
        "model": "bytedance-seedream-4-5",
        "url": row["result_url"],
    }


def test_a_failure_is_told_without_model_and_url(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as stream:
        generation_id = enqueue(client, size="8K")
        _, told = next_event(stream.iter_lines())

    assert set(told) == {"generation_id", "status", "media_type", "error"}
    assert (told["generation_id"], told["status"]) == (generation_id, "failed")


def test_a_listener_hears_nothing_of_what_was_before(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as stream:
        enqueue(client)
        next_event(stream.iter_lines())
    with client.stream("GET", "/events") as stream:
        later = enqueue(client, size="8K")
        _, told = next_event(stream.iter_lines())

    assert told["generation_id"] == later


def test_the_generation_id_stands_in_the_data_line_without_spaces(client: httpx.Client) -> None:
    with client.stream("GET", "/events") as stream:
        generation_id = enqueue(client, size="8K")
        data = next(line for line in stream.iter_lines() if line.startswith("data: "))

    assert f'"generation_id":"{generation_id}"' in data


def test_a_cancelled_generation_is_not_told(client: httpx.Client) -> None:
    app_settings: dict[str, Any] = {"latency": 1000.0, "keep_alive_seconds": 0.01}

    with (
        serving(lambda url: create_app(SandboxSettings(base_url=url, **app_settings))) as base_url,
        httpx.Client(base_url=f"{base_url}/oxen/api", headers=client.headers) as slow,
        slow.stream("GET", "/events") as stream,
    ):
        generation_id = enqueue(slow)
        slow.delete(f"/ai/queue/{generation_id}").raise_for_status()
        lines = stream.iter_lines()
        heard = [next(lines) for _ in range(4)]

    assert heard == [": keep-alive", "", ": keep-alive", ""]


def test_the_stream_needs_a_key(running: RunningSandbox) -> None:
    answer = httpx.get(f"{running.oxen_url}/api/events")

    assert answer.status_code == 401
