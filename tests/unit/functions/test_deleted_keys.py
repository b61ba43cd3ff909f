"""After DELETE of a job its Idempotency-Key answers 410: neither the old answer nor a new job."""

from typing import Any

import pytest

from shared.domain.ids import JobId
from shared.domain.status import JobStatus
from tests.http_events import Answer
from tests.unit.functions.front_door import FrontDoor

CANARY = "a very private fox"
NAME = {"idempotency-key": "order-7"}


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


@pytest.fixture
def key(door: FrontDoor) -> dict[str, Any]:
    return door.make_key()


def post(door: FrontDoor, key: dict[str, Any], **parts: Any) -> Answer:
    return door.post(key, **{"prompt": CANARY, "headers": NAME} | parts)


def delete(door: FrontDoor, key: dict[str, Any], job_id: str) -> None:
    door.finish_all()
    answer = door.call("DELETE", f"/v1/jobs/{job_id}", key=key["key"])
    assert answer.status == 204, answer.body


def test_the_same_request_is_gone_and_pays_nothing(door: FrontDoor, key: dict[str, Any]) -> None:
    first = post(door, key)
    delete(door, key, first.json["id"])

    again = [post(door, key) for _ in range(3)]

    assert [(one.status, one.json["code"]) for one in again] == 3 * [(410, "deleted")]
    problem = again[0]
    assert problem.headers["content-type"] == "application/problem+json"
    assert (problem.json["who"], problem.json["retryable"]) == ("client", False)
    assert CANARY not in problem.body
    assert first.json["id"] not in problem.body
    assert len(door.service.apixo.tasks) == 1
    assert door.service.jobs.newest("default", limit=9, cursor=None).jobs == ()


def test_nothing_of_the_prompt_is_left(door: FrontDoor, key: dict[str, Any]) -> None:
    delete(door, key, post(door, key).json["id"])

    assert CANARY not in repr(vars(door.service.store))


def test_another_request_under_the_key_is_still_another(
    door: FrontDoor, key: dict[str, Any]
) -> None:
    delete(door, key, post(door, key).json["id"])

    other = post(door, key, n=2)

    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_refused_request_under_the_key_is_gone_too(door: FrontDoor, key: dict[str, Any]) -> None:
    at = door.service.clock.now().replace(year=2026).isoformat()
    deadline = at.replace("T12:00:00", "T12:10:00")
    delete(door, key, post(door, key, finish_by=deadline).json["id"])
    door.service.time.sleep(3600)

    assert post(door, key, finish_by=deadline).status == 410


def test_until_the_delete_the_answer_is_the_same_bytes(
    door: FrontDoor, key: dict[str, Any]
) -> None:
    first = post(door, key)
    door.finish_all()
    assert door.service.jobs.get(JobId(first.json["id"])).status is JobStatus.SUCCEEDED

    again = post(door, key)

    assert (again.status, again.body) == (202, first.body)


def test_a_delete_that_is_refused_keeps_the_answer(door: FrontDoor, key: dict[str, Any]) -> None:
    first = post(door, key)

    refused = door.call("DELETE", f"/v1/jobs/{first.json['id']}", key=key["key"])

    assert refused.status == 409
    assert post(door, key).body == first.body


def test_the_key_is_free_a_day_after_the_request_as_without_a_delete(
    door: FrontDoor, key: dict[str, Any]
) -> None:
    first = post(door, key)
    delete(door, key, first.json["id"])
    door.service.time.sleep(24 * 3600)

    anew = post(door, key)

    assert anew.status == 202
    assert anew.json["id"] != first.json["id"]


def test_keys_of_other_jobs_and_other_callers_are_untouched(
    door: FrontDoor, key: dict[str, Any]
) -> None:
    stranger = door.make_key(tenant="acme")
    first, other = post(door, key), post(door, key, headers={"idempotency-key": "order-8"})
    theirs = post(door, stranger)
    delete(door, key, first.json["id"])

    assert post(door, key, headers={"idempotency-key": "order-8"}).body == other.body
    assert post(door, stranger).body == theirs.body


def test_a_rehearsal_of_it_is_gone_as_well(door: FrontDoor, key: dict[str, Any]) -> None:
    delete(door, key, post(door, key).json["id"])

    assert post(door, key, dry_run=True).status == 410
