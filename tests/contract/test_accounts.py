"""Keys with limits: what they may spend, how fast they may ask, how much may be under way."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.account import Account
from shared.domain.errors import (
    AlreadyAdmitted,
    BudgetExceeded,
    ErrorCode,
    Fault,
    RateLimited,
    TooManyInFlight,
    VersionConflict,
)
from shared.domain.hold import Hold
from shared.domain.job import Job
from shared.domain.limits import Limits, Window
from shared.ports.jobs import Admission, Idempotency, JobStore
from shared.ports.keys import Accounts
from shared.ports.messages import Outbox
from tests.contract.samples import KEY, NOW, a_held_job, claimed, finished, submitted

TEN_JOBS = Limits(budget=350_000, window=Window.TOTAL)
TWO_JOBS = Limits(budget=70_000)
ONE_AT_A_TIME = Limits(max_in_flight=1)
ONE_A_SECOND = Limits(rate=1)
GONE = Fault(code=ErrorCode.PROVIDER_REJECTED, message="no")
SECOND = timedelta(seconds=1)


def add(jobs: JobStore, number: int = 0, *, limits: Limits, job: Job | None = None) -> Job:
    job = job or a_held_job(number, limits=limits)
    jobs.add(job, limits=limits)
    return job


def done(jobs: JobStore, job: Job, task: str = "task-1") -> Job:
    sent = submitted(claimed(job), task)
    over = finished(sent)
    jobs.save(claimed(job), was=job)
    jobs.save(sent, was=claimed(job))
    jobs.save(over, was=sent)
    return over


def failed(jobs: JobStore, job: Job) -> Job:
    claim = claimed(job)
    at = claim.updated_at + SECOND
    over = claim.answered(
        [s.refused(GONE, at) for s in claim.current], at=at, check_at=at, retry_at=at
    )
    jobs.save(claim, was=job)
    jobs.save(over, was=claim)
    return over


def account(accounts: Accounts, window: str) -> Account:
    return accounts.get({KEY: window})[KEY]


def test_a_new_job_reserves_its_estimate(jobs: JobStore, accounts: Accounts) -> None:
    add(jobs, limits=TEN_JOBS)

    now = account(accounts, "total")

    assert (now.reserved, now.spent, now.accepted) == (35_000, 0, 1)
    assert now.left == 315_000


def test_money_for_ten_jobs_admits_ten(jobs: JobStore, accounts: Accounts) -> None:
    for number in range(10):
        add(jobs, number, limits=TEN_JOBS)

    with pytest.raises(BudgetExceeded) as refusal:
        add(jobs, 10, limits=TEN_JOBS)

    assert refusal.value.facts == {
        "budget_usd": "0.350000",
        "left_usd": "0.000000",
        "needed_usd": "0.035000",
        "renews_at": None,
    }
    assert account(accounts, "total").accepted == 10
    assert len(jobs.newest("acme", limit=20, cursor=None).jobs) == 10


def test_a_monthly_budget_says_when_it_renews(jobs: JobStore) -> None:
    add(jobs, 0, limits=TWO_JOBS)
    add(jobs, 1, limits=TWO_JOBS)

    with pytest.raises(BudgetExceeded, match="renews at 2026-12-01T00:00:00"):
        add(jobs, 2, limits=TWO_JOBS)


def test_each_month_has_an_account_of_its_own(jobs: JobStore, accounts: Accounts) -> None:
    add(jobs, 0, limits=TWO_JOBS)
    add(jobs, 60 * 24 * 30, limits=TWO_JOBS)

    assert account(accounts, "2026-11").accepted == 1
    assert account(accounts, "2026-12").accepted == 1


def test_a_finished_job_has_spent_what_was_charged(jobs: JobStore, accounts: Accounts) -> None:
    done(jobs, add(jobs, limits=TEN_JOBS))

    now = account(accounts, "total")

    assert (now.reserved, now.spent, now.overrun, now.unknown) == (0, 35_000, 0, 0)


def test_a_failed_job_gives_its_money_back(jobs: JobStore, accounts: Accounts) -> None:
    failed(jobs, add(jobs, limits=TEN_JOBS))

    now = account(accounts, "total")

    assert (now.reserved, now.spent, now.accepted) == (0, 0, 1)


def test_what_costs_more_than_reserved_is_an_overrun(jobs: JobStore, accounts: Accounts) -> None:
    job = a_held_job(limits=TEN_JOBS)
    assert job.hold
    add(jobs, limits=TEN_JOBS, job=replace(job, hold=replace(job.hold, reserved=30_000)))

    done(jobs, jobs.get(job.id))

    now = account(accounts, "total")
    assert (now.reserved, now.spent, now.overrun) == (0, 35_000, 5_000)


def test_an_unknown_charge_counts_as_estimated_until_it_is_known(
    jobs: JobStore, accounts: Accounts
) -> None:
    job = add(jobs, limits=TEN_JOBS)
    sent = submitted(claimed(job))
    cancelled = sent.cancelled(sent.updated_at + SECOND)
    jobs.save(claimed(job), was=job)
    jobs.save(sent, was=claimed(job))
    jobs.save(cancelled, was=sent)
    before = account(accounts, "total")

    at = cancelled.updated_at + SECOND
    free = [s.settled(faults=(GONE,), charged=Decimal(0), at=at) for s in cancelled.current]
    jobs.save(cancelled.settled(free, (), at=at, check_at=at), was=cancelled)

    after = account(accounts, "total")
    assert (before.spent, before.unknown, before.reserved) == (35_000, 1, 0)
    assert (after.spent, after.unknown, after.reserved) == (0, 0, 0)


def test_a_write_that_loses_moves_no_money(jobs: JobStore, accounts: Accounts) -> None:
    job = add(jobs, limits=TEN_JOBS)
    over = done(jobs, job)

    with pytest.raises(VersionConflict):
        jobs.save(over, was=job)

    assert account(accounts, "total").spent == 35_000


def test_a_retry_holds_money_anew(jobs: JobStore, accounts: Accounts) -> None:
    over = failed(jobs, add(jobs, limits=TWO_JOBS))
    add(jobs, 1, limits=TWO_JOBS)

    jobs.save(over.reopened(NOW + SECOND, key_id=KEY, limits=TWO_JOBS), was=over, limits=TWO_JOBS)

    assert account(accounts, "2026-11").reserved == 70_000


def test_a_retry_is_refused_when_the_money_has_gone(jobs: JobStore, accounts: Accounts) -> None:
    over = failed(jobs, add(jobs, limits=TWO_JOBS))
    add(jobs, 1, limits=TWO_JOBS)
    add(jobs, 2, limits=TWO_JOBS)

    with pytest.raises(BudgetExceeded):
        jobs.save(
            over.reopened(NOW + SECOND, key_id=KEY, limits=TWO_JOBS), was=over, limits=TWO_JOBS
        )

    assert jobs.get(over.id) == over
    assert account(accounts, "2026-11").reserved == 70_000


def test_each_threshold_is_announced_once(jobs: JobStore, outbox: Outbox) -> None:
    for number in range(10):
        add(jobs, number, limits=TEN_JOBS)
    done(jobs, jobs.get(a_held_job(0, limits=TEN_JOBS).id))

    events = outbox.unpublished(before=NOW + timedelta(days=1), limit=100)
    told = [json.loads(one.detail)["data"] for one in events if one.type == "budget.threshold"]

    assert [one["threshold"] for one in told] == [50, 80, 100]
    assert [one["reserved_usd"] for one in told] == ["0.175000", "0.280000", "0.350000"]
    assert {one["budget_usd"] for one in told} == {"0.350000"}


def test_one_step_may_pass_several_thresholds(jobs: JobStore, outbox: Outbox) -> None:
    add(jobs, limits=Limits(budget=40_000))

    events = outbox.unpublished(before=NOW + timedelta(days=1), limit=100)

    assert {one.id for one in events if one.type == "budget.threshold"} == {
        f"evt_{KEY}.2026-11_50",
        f"evt_{KEY}.2026-11_80",
    }


def test_a_repeated_request_is_answered_although_the_money_has_gone(jobs: JobStore) -> None:
    admission = Admission(
        idempotency=Idempotency(key="key", fingerprint="same"),
        answer="the first",
        expires_at=NOW + timedelta(days=1),
    )
    limits = Limits(budget=35_000, rate=1, max_in_flight=1)
    jobs.add(a_held_job(0, limits=limits), admission=admission, limits=limits)

    with pytest.raises(AlreadyAdmitted) as known:
        jobs.add(a_held_job(1, limits=limits), admission=admission, limits=limits)

    assert known.value.answer == "the first"


def test_a_refused_job_uses_up_no_idempotency_key(jobs: JobStore) -> None:
    admission = Admission(
        idempotency=Idempotency(key="key", fingerprint="same"),
        answer="the first",
        expires_at=NOW + timedelta(days=1),
    )
    poor, rich = Limits(budget=1), Limits(budget=35_000)

    with pytest.raises(BudgetExceeded):
        jobs.add(a_held_job(0, limits=poor), admission=admission, limits=poor)

    jobs.add(a_held_job(0, limits=rich), admission=admission, limits=rich)


def test_no_more_jobs_are_under_way_than_the_key_may_have(jobs: JobStore) -> None:
    first = add(jobs, 0, limits=ONE_AT_A_TIME)
    with pytest.raises(TooManyInFlight):
        add(jobs, 1, limits=ONE_AT_A_TIME)

    failed(jobs, first)

    add(jobs, 1, limits=ONE_AT_A_TIME)


def test_a_key_asks_no_faster_than_it_may(jobs: JobStore) -> None:
    job, next_one = (a_held_job(number, limits=ONE_A_SECOND) for number in range(2))
    jobs.add(job, limits=ONE_A_SECOND)

    with pytest.raises(RateLimited) as refusal:
        jobs.add(replace(next_one, opened_at=job.opened_at), limits=ONE_A_SECOND)

    assert refusal.value.retry_after_seconds == 1
    jobs.add(replace(next_one, opened_at=job.opened_at + SECOND), limits=ONE_A_SECOND)


def test_a_refused_job_uses_up_no_place_in_the_rate(jobs: JobStore) -> None:
    limits = Limits(rate=1, budget=35_000)
    hold = Hold.under(limits, estimate=40_000, at=NOW)
    dear = replace(a_held_job(0, limits=limits), hold=hold)

    with pytest.raises(BudgetExceeded):
        jobs.add(dear, limits=limits)

    jobs.add(a_held_job(0, limits=limits), limits=limits)


def test_a_key_without_an_account_is_left_out(accounts: Accounts) -> None:
    assert accounts.get({KEY: "2026-11"}) == {}
    assert accounts.get({}) == {}
