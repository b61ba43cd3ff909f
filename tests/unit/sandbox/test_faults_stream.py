import json
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from local.sandbox.app import create_app
from local.sandbox.faults.stream import NOISE
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.talking import OXEN, a_plan, oxen_body

QUEUE = f"{OXEN}/ai/queue"
KEEP_ALIVE = ": keep-alive"
REFUSED = "8K"  # which fails without a picture, so quickly


def make_app(base_url: str) -> Starlette:
    return create_app(SandboxSettings(base_url=base_url, keep_alive_seconds=0.02))


def open_client(base_url: str) -> httpx.Client:
    headers = {"authorization": "Bearer any-key"}
    return httpx.Client(base_url=base_url, headers=headers, trust_env=False, timeout=10)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving(make_app) as base_url, open_client(base_url) as client:
        yield client


@pytest.fixture(autouse=True)
def _fresh(client: httpx.Client) -> None:
    client.delete("/ledger")


@contextmanager
def listening(client: httpx.Client, *faults: str | dict[str, Any]) -> Iterator[Iterator[str]]:
    client.put("/faults", json=a_plan("oxen", *faults)).raise_for_status()
    with client.stream("GET", f"{OXEN}/events") as stream:
        yield stream.iter_lines()


def enqueue(client: httpx.Client, *, count: int = 1) -> list[str]:
    body = oxen_body(size=REFUSED, num_generations=count)
    rows = client.post(QUEUE, json=body).raise_for_status().json()["generations"]
    return [row["generation_id"] for row in rows]


def ended(client: httpx.Client) -> list[dict[str, Any]]:
    """Wait, on keep-alives of another stream, until the sandbox has told of everything."""
    with client.stream("GET", f"{OXEN}/events") as stream:
        for _ in stream.iter_lines():
            rows: list[dict[str, Any]] = client.get("/ledger").json()["oxen"]
            if all(row["finished_at"] for row in rows):
                return rows
    raise AssertionError


def ids(lines: Iterator[str], count: int) -> list[str]:
    data = (line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    return [json.loads(one)["generation_id"] for one in islice(data, count)]


def test_a_mute_stream_goes_on_keeping_alive(client: httpx.Client) -> None:
    with listening(client, {"fault": "stream-mute", "times": 1}) as lines:
        enqueue(client)
        (row,) = ended(client)
        heard = [next(lines) for _ in range(40)]

    assert set(heard) == {KEEP_ALIVE, ""}
    assert row["faults"] == ["stream-mute"]


def test_a_silent_stream_says_nothing_to_its_end() -> None:
    with ExitStack() as after:
        with serving(make_app) as base_url:
            client = after.enter_context(open_client(base_url))
            silent = {"fault": "stream-silent", "times": 1}
            lines = after.enter_context(listening(client, silent))
            enqueue(client)
            (row,) = ended(client)

        assert list(lines) == []
    assert row["faults"] == ["stream-silent"]


@pytest.mark.parametrize("events", [0, 2])
def test_a_stream_may_be_dropped_after_some_events(client: httpx.Client, events: int) -> None:
    with listening(client, {"fault": "stream-dropped", "events": events}) as lines:
        if events:
            enqueue(client, count=3)
        heard = ids(lines, events)
        with pytest.raises(httpx.RemoteProtocolError):
            deque(lines)

    assert len(set(heard)) == events


def test_events_come_amid_noise(client: httpx.Client) -> None:
    with listening(client, "stream-noise") as lines:
        (generation_id,) = enqueue(client)
        heard = ""
        while f'"generation_id":"{generation_id}"' not in heard:
            heard += next(lines) + "\n"

    assert "".join(NOISE) in heard
    assert ended(client)[0]["faults"] == ["stream-noise"]


def test_events_may_come_more_than_once(client: httpx.Client) -> None:
    with listening(client, {"fault": "stream-duplicated", "copies": 2}) as lines:
        (generation_id,) = enqueue(client)

        assert ids(lines, 3) == [generation_id] * 3
    assert ended(client)[0]["faults"] == ["stream-duplicated"]


def test_a_listener_who_came_before_the_fault_hears_well(client: httpx.Client) -> None:
    with listening(client) as lines:
        client.put("/faults", json=a_plan("oxen", "stream-mute")).raise_for_status()
        (generation_id,) = enqueue(client)

        assert ids(lines, 1) == [generation_id]
