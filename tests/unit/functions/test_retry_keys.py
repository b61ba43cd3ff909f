"""A retry spends as a new job of the caller's does, whichever key the job was admitted under."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.adapters.memory.table import MemoryApiKeys
from shared.catalog.load import load_catalog
from shared.domain.ids import JobId, KeyId, TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from tests.http_events import Answer
from tests.unit.functions.front_door import PRICE, FrontDoor
from tests.unit.usecases.living import POLICY, REFUSED, live


@pytest.fixture
def door() -> FrontDoor:
    return FrontDoor()


def failed(door: FrontDoor, key: dict[str, Any], **parts: Any) -> Job:
    """A job that its provider refused: it has cost nothing."""
    door.service.apixo.errors = [REFUSED]
    answer = door.post(key, **parts)
    assert answer.status == 202, answer.body
    return job_of(door, answer.json["id"], JobStatus.FAILED)


def failed_for_money(door: FrontDoor, key: dict[str, Any], **parts: Any) -> Job:
    """A job that its provider never finished: nobody knows what it has cost."""
    answer = door.post(key, **parts)
    assert answer.status == 202, answer.body
    live(door.service, minutes=35, step=300)
    return job_of(door, answer.json["id"], JobStatus.FAILED)


def job_of(door: FrontDoor, job_id: str, status: JobStatus) -> Job:
    job = door.service.jobs.get(JobId(job_id))
    assert job.status is status
    return job


def retry(door: FrontDoor, job: Job, key: dict[str, Any]) -> Answer:
    return door.call("POST", f"/v1/jobs/{job.id}/retry", key=key["key"])


def sent(door: FrontDoor, job: Job, key: dict[str, Any]) -> Job:
    answer = retry(door, job, key)
    assert answer.status == 202, answer.body
    door.service.deliver_messages()
    return door.service.jobs.get(job.id)


def spend(door: FrontDoor, key: dict[str, Any]) -> dict[str, Any]:
    keys = {one["id"]: one for one in door.call("GET", "/v1/keys").json["data"]}
    found: dict[str, Any] = keys[key["id"]]["spend"]
    return found


def usage(door: FrontDoor, key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rows of usage by key."""
    query = {"group_by": "key", "from": "2026-11-01", "to": "2026-11-30"}
    rows = door.call("GET", "/v1/usage", key=key["key"], query=query).json["data"]
    return {row["key"]: row for row in rows}


def test_the_attempt_is_paid_by_the_caller_and_says_so(door: FrontDoor) -> None:
    first, second = door.make_key(budget_usd=1), door.make_key(budget_usd=1)
    job = sent(door, failed_for_money(door, first), second)
    under_way = (spend(door, first), spend(door, second))
    assert usage(door, second)[first["id"]]["spent_usd"] == "0.035000"

    door.service.apixo.finish(TaskId("apixo-1"))
    door.service.collect(job.id)

    attempts = door.call("GET", f"/v1/jobs/{job.id}", key=first["key"]).json["attempts"]
    assert [one["key"] for one in attempts] == [first["id"], second["id"]]
    assert [(one["spent_usd"], one["reserved_usd"]) for one in under_way] == [
        ("0.035000", "0.000000"),
        ("0.000000", "0.035000"),
    ]
    after = (spend(door, first), spend(door, second))
    assert [(one["spent_usd"], one["reserved_usd"]) for one in after] == [
        ("0.035000", "0.000000"),
        ("0.035000", "0.000000"),
    ]
    rows = usage(door, first)
    assert {key: row["spent_usd"] for key, row in rows.items()} == {
        first["id"]: "0.035000",
        second["id"]: "0.035000",
    }
    assert sum(row["jobs"] for row in rows.values()) == 1


def test_what_an_earlier_attempt_turns_out_to_cost_is_its_own_keys(door: FrontDoor) -> None:
    first, second = door.make_key(budget_usd=1), door.make_key(budget_usd=1)
    job = sent(door, failed_for_money(door, first), second)

    door.service.apixo.fail(TaskId("apixo-0"), POLICY)
    door.service.collect(job.id)

    assert door.service.jobs.get(job.id).status is JobStatus.PROCESSING
    assert spend(door, first)["spent_usd"] == "0.000000"
    assert spend(door, second)["reserved_usd"] == "0.035000"
    assert usage(door, first)[first["id"]]["spent_usd"] == "0.000000"


def test_a_caller_without_the_money_is_refused_and_nothing_moves(door: FrontDoor) -> None:
    rich, poor = door.make_key(budget_usd=1), door.make_key(budget_usd="0.01")
    job = failed(door, rich)

    answer = retry(door, job, poor)

    assert (answer.status, answer.json["code"]) == (402, "budget_exceeded")
    assert answer.json["budget"]["budget_usd"] == "0.010000"
    assert job_of(door, job.id, JobStatus.FAILED) == job
    assert not door.service.to_dispatch.messages
    assert spend(door, poor)["reserved_usd"] == "0.000000"


def test_a_spent_first_key_does_not_bind_the_caller(door: FrontDoor) -> None:
    spent, rich = door.make_key(budget_usd=PRICE), door.make_key(budget_usd=1)
    job = failed_for_money(door, spent)
    assert retry(door, job, spent).status == 402

    assert retry(door, job, rich).status == 202


def test_a_key_for_other_models_is_refused(door: FrontDoor) -> None:
    job = failed(door, door.make_key())

    answer = retry(door, job, door.make_key(models=["seedream-4"]))

    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert answer.json["errors"][0]["pointer"] == "/model"
    assert job_of(door, job.id, JobStatus.FAILED) == job


def test_a_retry_takes_a_place_in_the_callers_rate(door: FrontDoor) -> None:
    slow = door.make_key(rate=1)
    job, other = failed(door, door.make_key()), failed(door, door.make_key())
    assert retry(door, job, slow).status == 202

    refused = retry(door, other, slow)

    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "1"
    assert door.post(slow).status == 429
    door.service.time.sleep(1)
    assert retry(door, other, slow).status == 202


def test_retries_of_one_job_have_a_rate(door: FrontDoor) -> None:
    slow = door.make_key(rate=1)
    job = failed(door, slow)

    assert retry(door, job, slow).status == 429

    door.service.time.sleep(1)
    assert retry(door, job, slow).status == 202


def test_a_retried_job_is_under_way_for_the_caller_and_no_longer_for_the_first_key(
    door: FrontDoor,
) -> None:
    first, second = door.make_key(max_in_flight=1), door.make_key(max_in_flight=1)
    job, other = failed(door, first), failed(door, first)
    job = sent(door, job, second)

    assert retry(door, other, second).json["code"] == "too_many_in_flight"
    assert door.post(second).status == 429
    assert door.post(first).status == 202

    door.finish_all()
    assert retry(door, other, second).status == 202
    assert door.service.store.ledger.in_flight[KeyId(first["id"])] == 0
    assert door.service.store.ledger.in_flight[KeyId(second["id"])] == 1


def test_a_key_with_a_budget_pays_no_unknown_price(door: FrontDoor) -> None:
    door.service.oxen.errors = [REFUSED]
    posted = door.post(door.make_key(), provider="oxen")
    job = job_of(door, posted.json["id"], JobStatus.FAILED)

    answer = retry(door, job, door.make_key(budget_usd=1))

    assert (answer.status, answer.json["code"]) == (422, "unpriced")
    assert retry(door, job, door.make_key()).status == 202


def test_a_key_with_a_budget_leaves_out_the_provider_whose_price_nobody_knows(
    door: FrontDoor,
) -> None:
    job = failed(door, door.make_key(), provider=["apixo", "oxen"])
    assert [leg.provider for leg in job.route] == ["apixo", "oxen"]

    again = sent(door, job, door.make_key(budget_usd=1))

    assert (again.provider, [leg.provider for leg in again.route]) == ("apixo", ["apixo"])


@pytest.mark.parametrize("is_gone", [False, True])
def test_the_first_key_may_be_revoked_or_gone(door: FrontDoor, *, is_gone: bool) -> None:
    first, second = door.make_key(budget_usd=1), door.make_key(budget_usd=1)
    job = failed_for_money(door, first)
    door.service.revoke_key(KeyId(first["id"]))
    if is_gone:  # nobody removes one yet
        kept = door.service.api_keys
        assert isinstance(kept, MemoryApiKeys)
        del kept._keys[KeyId(first["id"])]  # noqa: SLF001  # as above
    door.service.time.sleep(60)
    assert retry(door, job, first).status == 401

    job = sent(door, job, second)
    door.finish_all()
    done = door.service.collect(job.id)

    assert done.status is JobStatus.SUCCEEDED
    assert spend(door, second)["spent_usd"] == "0.035000"


def test_a_retry_in_another_month_is_paid_from_that_month(door: FrontDoor) -> None:
    key = door.make_key(budget_usd=PRICE)
    job = failed_for_money(door, key)

    door.service.time.sleep(timedelta(days=14).total_seconds())
    sent(door, job, key)

    assert (spend(door, key)["window"], spend(door, key)["reserved_usd"]) == ("2026-12", "0.035000")
    assert door.post(key).status == 402


def test_a_key_without_limits_may_follow_one_with_a_budget_and_be_followed(
    door: FrontDoor,
) -> None:
    bound, free = door.make_key(budget_usd=1, max_in_flight=1), door.make_key()
    job = failed_for_money(door, bound)

    sent(door, job, free)
    live(door.service, minutes=35, step=300)
    assert door.service.store.ledger.in_flight[KeyId(bound["id"])] == 0
    sent(door, job_of(door, job.id, JobStatus.FAILED), bound)

    assert spend(door, bound)["spent_usd"] == "0.035000"
    assert spend(door, bound)["reserved_usd"] == "0.035000"
    assert spend(door, bound)["jobs"] == 1
    assert {key: row["spent_usd"] for key, row in usage(door, bound).items()} == {
        bound["id"]: "0.035000",
        free["id"]: "0.035000",
    }


def test_only_what_is_missing_is_reserved(door: FrontDoor) -> None:
    door.service.catalog = load_catalog().priced({"oxen/seedream-4.5": Decimal("0.03")})
    first, second = door.make_key(), door.make_key(budget_usd="0.03")
    posted = door.post(first, provider="oxen", n=2, finish_by=60)
    door.service.oxen.finish(TaskId("oxen-0"))
    live(door.service, minutes=2, step=30)
    job = job_of(door, posted.json["id"], JobStatus.EXPIRED)
    assert len(job.images) == 1

    assert retry(door, job, second).status == 202

    assert spend(door, second)["reserved_usd"] == "0.030000"
