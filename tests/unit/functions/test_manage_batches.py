"""Batches over HTTP: started from an upload, listed and looked at by their tenant alone."""

import json
from typing import Any

import pytest

from shared.domain.ids import BatchId
from shared.ports.jobs import JobStore
from tests.memory_service import NOW
from tests.unit.functions.front_door import FOX, FrontDoor

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
UPLOAD = {"upload": f"upload:{ULID}"}


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
def key(door: FrontDoor) -> str:
    return str(door.make_key(tenant="ours")["key"])


def uploaded(door: FrontDoor, *, lines: int = 2, tenant: str = "ours") -> None:
    content = b"\n".join(lines * [json.dumps(FOX).encode()])
    door.service.drops.drop(f"uploads/{tenant}/{ULID}", content)


def test_a_batch_is_started_from_an_upload(door: FrontDoor, key: str) -> None:
    uploaded(door, lines=3)

    answer = door.call("POST", "/v1/batches", UPLOAD | {"max_usd": "1.50"}, key=key)

    batch: dict[str, Any] = answer.json
    assert (answer.status, answer.headers["location"]) == (202, f"/v1/batches/{batch['id']}")
    assert (batch["status"], batch["lines"], batch["cost"]["max_usd"]) == ("running", 3, "1.50")
    assert door.service.to_batches.messages == [("ours", BatchId(batch["id"]))]


def test_the_same_upload_again_is_the_same_batch(door: FrontDoor, key: str) -> None:
    uploaded(door)

    first, second = (door.call("POST", "/v1/batches", UPLOAD, key=key) for _ in range(2))

    assert first.json == second.json
    assert len(door.call("GET", "/v1/batches", key=key).json["data"]) == 1


def test_the_same_idempotency_key_gets_the_first_answer_byte_for_byte(
    door: FrontDoor, key: str
) -> None:
    uploaded(door)
    named = {"idempotency-key": "list-7"}

    first = door.call("POST", "/v1/batches", UPLOAD, key=key, headers=named)
    batch = door.service.batches.get("ours", BatchId(first.json["id"]))
    door.service.batches.save(batch.refused_line(1).stepped(NOW), was=batch)
    second = door.call("POST", "/v1/batches", UPLOAD, key=key, headers=named)
    other = door.call("POST", "/v1/batches", UPLOAD | {"max_usd": 1}, key=key, headers=named)

    assert (first.status, second.status, second.body) == (202, 202, first.body)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


def test_an_idempotency_key_stands_also_for_a_batch_that_is_there(
    door: FrontDoor, key: str
) -> None:
    uploaded(door)
    door.call("POST", "/v1/batches", UPLOAD, key=key)
    named = {"idempotency-key": "list-7"}

    first, second = (
        door.call("POST", "/v1/batches", UPLOAD, key=key, headers=named) for _ in range(2)
    )
    other = door.call("POST", "/v1/batches", UPLOAD | {"max_usd": 1}, key=key, headers=named)

    assert second.body == first.body
    assert second.headers["idempotent-replayed"] == "true"
    assert other.status == 422


class ReadsTooEarly:
    """A store of jobs that is asked for a key before the other post has written it."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def admitted(self, *_: object, **__: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


def test_two_posts_at_once_with_one_idempotency_key_get_one_answer(
    door: FrontDoor, key: str
) -> None:
    uploaded(door)
    named = {"idempotency-key": "list-7"}
    first = door.call("POST", "/v1/batches", UPLOAD, key=key, headers=named)
    door.service.__dict__.pop("start_batch")
    door.service.__dict__["jobs"] = ReadsTooEarly(door.service.jobs)

    second = door.call("POST", "/v1/batches", UPLOAD, key=key, headers=named)

    assert second.body == first.body
    assert second.headers["idempotent-replayed"] == "true"


def test_a_batch_is_found_by_its_id_and_in_the_list(door: FrontDoor, key: str) -> None:
    uploaded(door)
    batch = door.call("POST", "/v1/batches", UPLOAD, key=key).json

    assert door.call("GET", f"/v1/batches/{batch['id']}", key=key).json == batch
    assert door.call("GET", "/v1/batches", key=key).json == {"object": "list", "data": [batch]}


def test_another_tenants_batch_looks_as_if_it_were_not_there(door: FrontDoor, key: str) -> None:
    uploaded(door)
    batch = door.call("POST", "/v1/batches", UPLOAD, key=key).json
    theirs = str(door.make_key(tenant="theirs")["key"])

    assert door.call("GET", f"/v1/batches/{batch['id']}", key=theirs).status == 404
    assert door.call("GET", "/v1/batches", key=theirs).json["data"] == []


def test_another_tenants_upload_looks_as_if_it_had_not_come(door: FrontDoor, key: str) -> None:
    uploaded(door, tenant="theirs")

    answer = door.call("POST", "/v1/batches", UPLOAD, key=key)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/upload")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"upload": "s3://uploads/batches/a.jsonl"}, "/upload"),
        ({"max_usd": -1}, "/max_usd"),
        ({"max_in_flight": 0}, "/max_in_flight"),
        ({"max_in_flight": 1001}, "/max_in_flight"),
        ({"priority": "high"}, "/priority"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    door: FrontDoor, key: str, change: dict[str, Any], pointer: str
) -> None:
    uploaded(door)

    answer = door.call("POST", "/v1/batches", UPLOAD | change, key=key)

    assert (answer.status, [one["pointer"] for one in answer.json["errors"]]) == (422, [pointer])


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/batches"), ("GET", "/v1/batches"), ("GET", "/v1/batches/batch_0")],
)
def test_without_a_key_nothing_is_told_of_batches(door: FrontDoor, method: str, path: str) -> None:
    assert door.call(method, path, UPLOAD, key=None).status == 401
