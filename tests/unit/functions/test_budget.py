"""Budgets, rates and jobs under way, as a client meets them."""

import json
from decimal import Decimal

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.domain.refusals import busy
from tests.unit.functions.front_door import PRICE, FrontDoor

POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="no")


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def spend(door: FrontDoor) -> dict[str, object]:
    (key,) = door.call("GET", "/v1/keys").json["data"]
    return key["spend"]


def test_of_two_hundred_posts_the_money_for_ten_lets_ten_in(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=10 * PRICE)

    statuses = [door.post(key).status for _ in range(200)]

    assert statuses == 10 * [202] + 190 * [402]
    door.finish_all()
    assert spend(door) == {
        "window": "2026-11",
        "spent_usd": "0.350000",
        "reserved_usd": "0.000000",
        "left_usd": "0.000000",
        "overrun_usd": "0.000000",
        "jobs": 10,
        "jobs_of_unknown_cost": 0,
        "renews_at": "2026-12-01T00:00:00.000Z",
    }


def test_who_is_refused_learns_what_is_left_and_when_there_is_more(door: FrontDoor) -> None:
    key = door.make_key(budget_usd="0.05")
    door.post(key)

    answer = door.post(key)

    assert (answer.status, answer.json["code"]) == (402, "budget_exceeded")
    assert (answer.json["who"], answer.json["retryable"]) == ("client", False)
    assert answer.json["budget"] == {
        "budget_usd": "0.050000",
        "left_usd": "0.015000",
        "needed_usd": "0.035000",
        "renews_at": "2026-12-01T00:00:00.000Z",
    }
    assert "$0.015000 left" in answer.json["detail"]
    assert len(door.service.jobs.newest("default", limit=9, cursor=None).jobs) == 1


def test_a_total_budget_never_renews(door: FrontDoor) -> None:
    key = door.make_key(budget_usd="0.01", window="total")

    answer = door.post(key)

    assert answer.json["budget"]["renews_at"] is None
    assert "does not renew" in answer.json["detail"]


def test_next_month_there_is_money_again(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=PRICE)
    door.post(key)
    assert door.post(key).status == 402

    door.service.time.sleep(11 * 24 * 3600)

    assert door.post(key).status == 202


def fail_all(door: FrontDoor) -> None:
    apixo = door.service.apixo
    for task_id in apixo.tasks:
        apixo.fail(task_id, POLICY)
    for job in door.service.jobs.newest("default", limit=100, cursor=None).jobs:
        door.service.collect(job.id)


def test_a_job_that_fails_gives_its_money_back(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=PRICE)
    door.post(key)
    fail_all(door)

    assert spend(door)["left_usd"] == "0.035000"
    assert door.post(key).status == 202


def test_a_cancelled_job_that_the_provider_has_is_paid_until_the_opposite_is_known(
    door: FrontDoor,
) -> None:
    key = door.make_key(budget_usd=PRICE)
    job = door.post(key).json
    door.call("POST", f"/v1/jobs/{job['id']}/cancel", key=key["key"])

    assert (spend(door)["spent_usd"], spend(door)["jobs_of_unknown_cost"]) == ("0.035000", 1)
    fail_all(door)
    assert (spend(door)["spent_usd"], spend(door)["jobs_of_unknown_cost"]) == ("0.000000", 0)


def test_n_images_take_n_times_the_money(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=3 * PRICE)

    assert door.post(key, n=4).status == 402
    assert door.post(key, n=3).status == 202
    assert door.post(key, n=1).status == 402


def test_where_nobody_knows_the_price_a_budget_lets_nothing_through(door: FrontDoor) -> None:
    poor, free = door.make_key(budget_usd=100), door.make_key()

    answer = door.post(poor, provider="oxen")

    assert (answer.status, answer.json["code"]) == (422, "unpriced")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/provider"]
    assert door.post(free, provider="oxen").status == 202


def test_a_price_of_the_operators_opens_the_way(door: FrontDoor) -> None:
    prices = {"oxen/seedream-4": Decimal("0.03")}
    door.service.catalog = door.service.catalog.priced(prices)

    taken = door.post(door.make_key(budget_usd=1), model="seedream-4", provider="oxen")

    assert taken.json["cost"]["estimated_usd"] == "0.03"


def test_a_budget_never_fails_over_to_where_the_price_is_unknown(door: FrontDoor) -> None:
    key, free = door.make_key(budget_usd=1), door.make_key()
    wish = {"provider": ["oxen", "apixo"]}

    job, other = door.post(key, **wish), door.post(free, **wish)

    assert (job.json["provider"], other.json["provider"]) == ("apixo", "oxen")
    assert [leg.provider for leg in door.service.jobs.get(job.json["id"]).route] == ["apixo"]


def test_a_repeated_request_costs_nothing_and_is_answered(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=PRICE, rate=1)
    first = door.post(key, headers={"idempotency-key": "order-7"})

    again = door.post(key, headers={"idempotency-key": "order-7"})

    assert (first.status, again.status) == (202, 202)
    assert again.body == first.body
    assert spend(door)["jobs"] == 1


def test_too_many_requests_a_second_are_told_when_to_come_again(door: FrontDoor) -> None:
    key = door.make_key(rate=3)

    statuses = [door.post(key).status for _ in range(5)]
    refused = door.post(key)
    door.service.time.sleep(int(refused.headers["retry-after"]))

    assert statuses == [202, 202, 202, 429, 429]
    assert (refused.json["code"], refused.json["retryable"]) == ("rate_limited", True)
    assert door.post(key).status == 202


def test_a_rate_below_one_is_one_job_in_some_seconds(door: FrontDoor) -> None:
    key = door.make_key(rate=0.1)
    door.post(key)

    refused = door.post(key)

    assert (refused.status, refused.headers["retry-after"]) == (429, "10")


def test_jobs_under_way_are_counted_until_they_are_over(door: FrontDoor) -> None:
    key = door.make_key(max_in_flight=2)
    door.post(key)
    door.post(key)

    refused = door.post(key)
    door.finish_all()

    assert (refused.status, refused.json["code"]) == (429, "too_many_in_flight")
    assert int(refused.headers["retry-after"]) > 0
    assert door.post(key).status == 202


def test_a_retry_needs_money_as_a_new_job_does(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=PRICE)
    job = door.post(key).json
    fail_all(door)
    other = door.post(key)

    refused = door.call("POST", f"/v1/jobs/{job['id']}/retry", key=key["key"])

    assert other.status == 202
    assert (refused.status, refused.json["code"]) == (402, "budget_exceeded")
    fail_all(door)
    assert door.call("POST", f"/v1/jobs/{job['id']}/retry", key=key["key"]).status == 202


def test_a_crowd_on_one_key_is_told_to_come_again_and_nothing_breaks(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = door.make_key(budget_usd=1)

    def crowded(_: Job, **_limits: Limits) -> None:
        raise busy()

    monkeypatch.setattr(door.service.store, "add", crowded)
    answer = door.post(key)

    assert (answer.status, answer.json["code"]) == (429, "busy")
    assert (answer.headers["retry-after"], answer.json["who"]) == ("1", "seedhook")


def test_thresholds_are_announced_as_the_money_goes(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=10 * PRICE)

    for _ in range(10):
        door.post(key)

    told = [event for event in door.service.store.announced.values() if "budget" in event.type]
    data = [json.loads(event.detail)["data"] for event in told]
    assert [one["threshold"] for one in data] == [50, 80, 100]
    assert data[0] == {
        "object": "budget",
        "key_id": key["id"],
        "tenant": "default",
        "window": "2026-11",
        "threshold": 50,
        "budget_usd": "0.350000",
        "spent_usd": "0.000000",
        "reserved_usd": "0.175000",
        "renews_at": "2026-12-01T00:00:00.000Z",
    }
