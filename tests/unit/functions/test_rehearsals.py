"""`dry_run` refuses all that the post itself would, by the same name, and makes nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.http_events import Answer
from tests.unit.functions.front_door import FrontDoor

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def told(answer: Answer) -> tuple[int, str, list[str]]:
    pointers = [error["pointer"] for error in answer.json.get("errors", [])]
    return answer.status, answer.json["code"], pointers


@pytest.mark.parametrize(
    "fault",
    [
        {"webhook_url": "notaurl"},
        {"webhook_url": "https://10.0.0.1/hook"},
        {"webhook_url": "http://shop.example/hook"},
        {"webhook_events": ["job.failed"]},
        {"images": ["https://169.254.169.254/a.png"]},
        {"images": ["https://example.com/a.png", f"upload:{ULID}"]},
        {"images": [f"job:job_{ULID}/0"]},
        {"images": ["upload:" + 64 * "0"]},
        {"images": ["data:image/png;base64,AAAA"]},
        {"model": "nonsense"},
        {"n": 11},
        {"resolution": "9K"},
        {"finish_by": -1},
        {"finish_by": "2020-01-01T00:00:00Z"},
        {"start_by": 10**9},
        {"delivery": "sync"},
        {"unknown": True},
        {"headers": {"idempotency-key": "a b"}},
        {"headers": {"idempotency-key": 256 * "x"}},
        {"provider": "aimlapi", "headers": {"x-seedhook-force-failover": "1"}},
    ],
    ids=str,
)
def test_what_the_post_refuses_the_rehearsal_refuses(
    door: FrontDoor, fault: dict[str, Any]
) -> None:
    key = door.make_key()
    if "x-seedhook-force-failover" in fault.get("headers", {}):
        door.service.accesses = {
            name: replace(one, sandbox=False) for name, one in door.service.accesses.items()
        }

    posted, rehearsed = door.post(key, **fault), door.post(key, dry_run=True, **fault)

    assert posted.status >= 400
    assert told(rehearsed) == told(posted)
    assert door.service.references.objects == {}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"budget_usd": "0.04"}, "budget_exceeded"),
        ({"max_in_flight": 1}, "too_many_in_flight"),
        ({"rate": 1}, "rate_limited"),
        ({"models": ["seedream-4"]}, "forbidden"),
    ],
)
def test_what_the_keys_terms_keep_out_the_rehearsal_keeps_out(
    door: FrontDoor, terms: dict[str, Any], code: str
) -> None:
    key = door.make_key(**terms)
    for _ in range(10):
        if door.post(key).status != 202:
            break

    posted, rehearsed = door.post(key), door.post(key, dry_run=True)

    assert (rehearsed.status, rehearsed.json["code"]) == (posted.status, code)


def test_a_rehearsal_uses_up_nothing(door: FrontDoor) -> None:
    key = door.make_key(budget_usd="0.04", rate=1, max_in_flight=1)
    headers = {"idempotency-key": "order-7"}

    rehearsed = [door.post(key, dry_run=True, headers=headers) for _ in range(5)]

    assert [answer.status for answer in rehearsed] == 5 * [200]
    assert door.post(key, headers=headers).status == 202


def test_under_a_used_key_it_answers_for_that_request_and_for_no_other(door: FrontDoor) -> None:
    key = door.make_key(rate=1)
    headers = {"idempotency-key": "order-7"}
    door.post(key, headers=headers)

    same = door.post(key, dry_run=True, headers=headers)
    other = door.post(key, dry_run=True, n=2, headers=headers)

    assert same.status == 200
    assert told(other) == (422, "idempotency_key_reused", [])


def test_a_deadline_that_passes_is_seen(door: FrontDoor) -> None:
    key = door.make_key()
    deadline = (door.service.clock.now() + timedelta(seconds=60)).isoformat()
    assert door.post(key, dry_run=True, finish_by=deadline).status == 200

    door.service.time.sleep(61)

    assert door.post(key, dry_run=True, finish_by=deadline).status == 422


def test_a_dry_run_that_is_null_is_no_other_request(door: FrontDoor) -> None:
    key, headers = door.make_key(), {"idempotency-key": "order-7"}

    plain = door.post(key, headers=headers)
    null = door.post(key, dry_run=None, headers=headers)

    assert (plain.status, null.status, null.body) == (202, 202, plain.body)
