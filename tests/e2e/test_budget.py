"""Budgets that hold, over HTTP and with the template's roles enforced."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from local.stack import Stack
from tests.e2e.bus import AT_ONCE_SECONDS, listen
from tests.e2e.keys import caller, spend

pytestmark = pytest.mark.engine

FOX = {"model": "seedream-4.5", "prompt": "a fox on a budget", "provider": "apixo"}
PRICE = Decimal("0.035")
POSTS = 200
AT_ONCE = 16


def test_of_two_hundred_parallel_posts_the_money_for_ten_lets_ten_in(stack: Stack) -> None:
    with caller(stack, budget_usd=str(10 * PRICE)) as (api, key):

        def post(_: int) -> httpx.Response:
            answer = api.post("/v1/jobs", json=FOX)
            while answer.status_code == 429:  # a crowd: come again, as told
                answer = api.post("/v1/jobs", json=FOX)
            return answer

        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(post, range(POSTS)))

        counts = Counter(answer.status_code for answer in answers)
        assert counts == {202: 10, 402: POSTS - 10}
        taken = [answer.json() for answer in answers if answer.status_code == 202]
        done = [api.finished(job["id"]) for job in taken]
        ledger = sum((Decimal(job["cost"]["charged_usd"]) for job in done), Decimal(0))
        usage = api.get("/v1/usage", params={"group_by": "key"}).json()["data"]

    account = spend(stack, key)
    assert {job["status"] for job in done} == {"succeeded"}
    assert Decimal(account["spent_usd"]) == ledger == 10 * PRICE
    assert (account["reserved_usd"], account["left_usd"]) == ("0.000000", "0.000000")
    assert [row["spent_usd"] for row in usage if row["key"] == key["id"]] == ["0.350000"]


def test_who_is_refused_learns_what_is_left_and_when_there_is_more(stack: Stack) -> None:
    with caller(stack, budget_usd="0.05") as (api, _):
        api.submit(**FOX)

        answer = api.post("/v1/jobs", json=FOX)

    problem = answer.json()
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "budget_exceeded"
    assert (problem["budget"]["left_usd"], problem["budget"]["needed_usd"]) == (
        "0.015000",
        "0.035000",
    )
    assert problem["budget"]["renews_at"].endswith("-01T00:00:00.000Z")


def test_a_cancelled_job_holds_no_money_once_its_fate_is_known(stack: Stack) -> None:
    with caller(stack, budget_usd="1") as (api, key):
        job = api.submit(**FOX)
        api.post(f"/v1/jobs/{job['id']}/cancel").raise_for_status()
        api.finished(job["id"])

    account = spend(stack, key)
    assert account["reserved_usd"] == "0.000000"
    assert Decimal(account["spent_usd"]) in {Decimal(0), PRICE}


def test_a_budget_refuses_what_has_no_price(stack: Stack) -> None:
    with caller(stack, budget_usd="1") as (api, _):
        answer = api.post("/v1/jobs", json=FOX | {"provider": "oxen"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unpriced")


def test_an_application_on_the_bus_hears_of_thresholds(stack: Stack) -> None:
    queue = listen(
        engine_url=stack.aws_endpoint_url, region=stack.region, event_bus=stack.event_bus
    )
    with caller(stack, budget_usd=str(2 * PRICE)) as (api, key):
        api.submit(**FOX)

    assert queue.hear(key["id"], {"budget.threshold"}, seconds=AT_ONCE_SECONDS) == {
        "budget.threshold"
    }
