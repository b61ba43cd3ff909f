"""Jobs that another key retries: each key's books hold what ran under it, in every store."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from shared.domain.account import Account
from shared.domain.errors import (
    BudgetExceeded,
    ErrorCode,
    Fault,
    RateLimited,
    RecordTooLarge,
    TooManyInFlight,
)
from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.job_facts import TimelineEntry
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.usage import summed
from shared.ports.jobs import JobStore
from shared.ports.keys import Accounts, UsageBook
from shared.ports.messages import Outbox
from tests.contract.samples import KEY, NOW, PRICE, a_held_job, a_job, claimed, finished, submitted

OTHER = KeyId("fedcba9876543210")
THREE_JOBS = Limits(budget=105_000)
ONE_AT_A_TIME = Limits(max_in_flight=1)
GONE = Fault(code=ErrorCode.PROVIDER_REJECTED, message="no")
SECOND = timedelta(seconds=1)
MONTH = "2026-11"


def saved(jobs: JobStore, *steps: Job, limits: Limits = UNLIMITED) -> Job:
    for was, job in pairwise(steps):
        jobs.save(job, was=was, limits=limits)
    return steps[-1]


def failed(jobs: JobStore, number: int = 0, *, limits: Limits = THREE_JOBS) -> Job:
    """A job whose only submission was given up: nobody knows yet what it costs."""
    job = a_held_job(number, limits=limits)
    jobs.add(job, limits=limits)
    sent = submitted(claimed(job), f"task-{number}")
    at = sent.updated_at + SECOND
    given_up = [s.abandoned(GONE) for s in sent.current]
    over = sent.settled(given_up, (), at=at, check_at=at)
    return saved(jobs, job, claimed(job), sent, over)


def retried(jobs: JobStore, job: Job, limits: Limits, *, key: KeyId = OTHER) -> Job:
    again = job.reopened(job.updated_at + SECOND, key_id=key, limits=limits)
    return saved(jobs, job, again, limits=limits)


def account(accounts: Accounts, key: KeyId) -> Account:
    return accounts.get({key: MONTH})[key]


def money(accounts: Accounts, key: KeyId) -> tuple[int, int]:
    now = account(accounts, key)
    return now.reserved, now.spent


def test_each_key_pays_for_what_ran_under_it(jobs: JobStore, accounts: Accounts) -> None:
    again = retried(jobs, failed(jobs), THREE_JOBS)
    under_way = (money(accounts, KEY), money(accounts, OTHER))

    sent = submitted(claimed(again), "task-2")
    saved(jobs, again, claimed(again), sent, finished(sent))

    assert under_way == ((0, 35_000), (35_000, 0))
    assert (money(accounts, KEY), money(accounts, OTHER)) == ((0, 35_000), (0, 35_000))
    assert [account(accounts, key).accepted for key in (KEY, OTHER)] == [1, 1]


def test_a_late_charge_is_posted_to_the_key_that_its_attempt_ran_under(
    jobs: JobStore, accounts: Accounts
) -> None:
    again = retried(jobs, failed(jobs), THREE_JOBS)
    at = again.updated_at + SECOND
    late = [s.settled(faults=(), charged=Decimal("0.05"), at=at) for s in again.submissions]

    saved(jobs, again, again.settled(late, (), at=at, check_at=at))

    assert (money(accounts, KEY), money(accounts, OTHER)) == ((0, 50_000), (35_000, 0))
    first = account(accounts, KEY)
    assert (first.overrun, first.unknown) == (15_000, 0)


def test_late_charges_of_both_keys_are_posted_in_one_step(
    jobs: JobStore, accounts: Accounts
) -> None:
    again = retried(jobs, failed(jobs), THREE_JOBS)
    sent = submitted(claimed(again), "task-2")
    saved(jobs, again, claimed(again), sent)
    at = sent.updated_at + SECOND
    free = [s.settled(faults=(GONE,), charged=Decimal(0), at=at) for s in sent.submissions]

    saved(jobs, sent, sent.settled(free, (), at=at, check_at=at))

    assert (money(accounts, KEY), money(accounts, OTHER)) == ((0, 0), (0, 0))


def test_two_openings_on_one_account_are_one_job(jobs: JobStore, accounts: Accounts) -> None:
    again = retried(jobs, failed(jobs), THREE_JOBS, key=KEY)

    assert money(accounts, KEY) == (35_000, 35_000)
    assert account(accounts, KEY).accepted == 1
    sent = submitted(claimed(again), "task-2")
    saved(jobs, again, claimed(again), sent, finished(sent))
    assert money(accounts, KEY) == (0, 70_000)
    assert account(accounts, KEY).unknown == 1


def test_the_callers_budget_binds_and_not_the_first_keys(
    jobs: JobStore, accounts: Accounts
) -> None:
    over, poor = failed(jobs), Limits(budget=34_999)

    with pytest.raises(BudgetExceeded) as refusal:
        retried(jobs, over, poor)

    assert refusal.value.facts["budget_usd"] == "0.034999"
    assert jobs.get(over.id) == over
    assert OTHER not in accounts.get({OTHER: MONTH})


def test_the_callers_budget_is_announced_by_its_thresholds(jobs: JobStore, outbox: Outbox) -> None:
    retried(jobs, failed(jobs), Limits(budget=36_000))

    events = outbox.unpublished(before=NOW + timedelta(days=1), limit=100)

    told = {one.id for one in events if one.type == "budget.threshold"}
    assert told == {f"evt_{OTHER}.{MONTH}_50", f"evt_{OTHER}.{MONTH}_80"}


def test_a_retry_is_under_way_for_the_caller_alone(jobs: JobStore) -> None:
    over = [failed(jobs, number, limits=ONE_AT_A_TIME) for number in range(2)]
    again = retried(jobs, over[0], ONE_AT_A_TIME)

    jobs.add(a_held_job(3, limits=ONE_AT_A_TIME), limits=ONE_AT_A_TIME)
    with pytest.raises(TooManyInFlight):
        retried(jobs, over[1], ONE_AT_A_TIME)

    saved(jobs, again, again.cancelled(again.updated_at + SECOND))
    retried(jobs, over[1], ONE_AT_A_TIME)


def test_a_retry_takes_a_place_in_the_callers_rate(jobs: JobStore) -> None:
    slow = Limits(rate=0.01)
    over = [failed(jobs, number) for number in range(2)]
    at = over[1].updated_at + SECOND
    jobs.save(over[0].reopened(at, key_id=OTHER, limits=slow), was=over[0], limits=slow)

    with pytest.raises(RateLimited) as refusal:
        jobs.save(over[1].reopened(at, key_id=OTHER, limits=slow), was=over[1], limits=slow)

    later = at + timedelta(seconds=refusal.value.retry_after_seconds)
    jobs.save(over[1].reopened(later, key_id=OTHER, limits=slow), was=over[1], limits=slow)


def test_a_retry_takes_no_place_in_the_rate_of_the_first_key(jobs: JobStore) -> None:
    slow = Limits(rate=0.01)
    over = failed(jobs)
    at = over.updated_at + SECOND
    jobs.save(over.reopened(at, key_id=OTHER, limits=slow), was=over, limits=slow)

    jobs.add(a_job(1, opened_at=at), limits=slow)


def test_the_callers_limits_bind_no_account_but_the_callers(jobs: JobStore) -> None:
    again = retried(jobs, failed(jobs), THREE_JOBS)
    at = again.updated_at + SECOND
    first, *_ = again.submissions
    late = first.settled(faults=(), charged=Decimal("0.05"), at=at)

    saved(jobs, again, again.settled([late], (), at=at, check_at=at), limits=Limits(budget=1))


def test_a_step_that_is_no_retry_takes_no_place_in_a_rate(jobs: JobStore) -> None:
    slow = Limits(rate=0.01)
    again = retried(jobs, failed(jobs), slow)

    saved(jobs, again, claimed(again), limits=slow)


def test_usage_counts_money_at_the_key_that_spent_it(jobs: JobStore, usage_book: UsageBook) -> None:
    def by_key() -> dict[str, tuple[int, int]]:
        lines = usage_book.lines("acme", since=date(2026, 11, 1), until=date(2026, 11, 30))
        return {key: (one["jobs"], one["spent"]) for key, one in summed(lines, by="key_id").items()}

    over = failed(jobs)
    before = by_key()
    again = retried(jobs, over, THREE_JOBS)
    under_way = by_key()
    sent = submitted(claimed(again), "task-2")
    saved(jobs, again, claimed(again), sent, finished(sent))

    assert before == {KEY: (1, 35_000)}
    assert under_way == {KEY: (0, 35_000)}
    assert by_key() == {KEY: (0, 35_000), OTHER: (1, 35_000)}


def test_a_job_that_an_earlier_version_reopened_is_settled_as_it_was_held(
    jobs: JobStore, accounts: Accounts
) -> None:
    """Then one hold was for all attempts, and no attempt said whose it was."""
    over = failed(jobs)
    assert over.hold
    held = replace(over.hold, key_id=None, paid=35_000)
    attempts = tuple(replace(one, key_id=None) for one in over.attempts)
    again = retried(jobs, over, THREE_JOBS, key=KEY)
    old = replace(
        again,
        hold=held,
        earlier_holds=(),
        attempts=attempts,
        retries=0,
        retried_by=None,
        attempts_before=0,
        version=again.version + 1,
    )
    saved(jobs, again, old)

    sent = submitted(claimed(old), "task-2")
    saved(jobs, old, claimed(old), sent, finished(sent))

    assert money(accounts, KEY) == (0, 70_000)


def test_the_books_of_four_keys_and_sixteen_tags_fit_into_one_step(
    jobs: JobStore, accounts: Accounts, usage_book: UsageBook
) -> None:
    """DynamoDB takes a hundred writes in a transaction: so many keys may share a job, not more."""
    tags = tuple(f"tag-{number}" for number in range(16))
    keys = [KEY, *(KeyId(f"{number:016x}") for number in range(3))]
    job = a_held_job(limits=THREE_JOBS, tags=tags)
    jobs.add(job, limits=THREE_JOBS)
    for number, key in enumerate(keys):
        job = job if number == 0 else retried(jobs, job, THREE_JOBS, key=key)
        sent = submitted(claimed(job), f"task-{number}")
        saved(jobs, job, claimed(job), sent)
        job = sent
        at = sent.updated_at + SECOND
        if key != keys[-1]:
            over = sent.settled([s.abandoned(GONE) for s in sent.current], (), at=at, check_at=at)
            job = saved(jobs, sent, over)
    at = job.updated_at + SECOND
    charged = [s.settled(faults=(GONE,), charged=Decimal("0.05"), at=at) for s in job.submissions]

    saved(jobs, job, job.settled(charged, (), at=at, check_at=at))

    assert {money(accounts, key) for key in keys} == {(0, 50_000)}
    lines = usage_book.lines("acme", since=NOW.date(), until=NOW.date(), tagged=True)
    spent = {tag: counts["spent"] for tag, counts in summed(lines, by="tag").items()}
    assert spent == dict.fromkeys(tags, 200_000)


# --- how much one record holds


def test_a_record_that_is_too_large_is_refused_and_the_one_before_stays(jobs: JobStore) -> None:
    job = a_job(estimated_usd=PRICE)
    jobs.add(job)
    entry = TimelineEntry(at=NOW, status=job.status, note=400 * "n")
    grown = replace(job, version=2, timeline=900 * (entry,))

    with pytest.raises(RecordTooLarge):
        jobs.save(grown, was=job)
    with pytest.raises(RecordTooLarge):
        jobs.add(replace(a_job(1), timeline=grown.timeline))

    assert jobs.get(job.id) == job


def test_a_record_of_nearly_that_size_is_kept(jobs: JobStore) -> None:
    job = a_job()
    jobs.add(job)
    entry = TimelineEntry(at=NOW, status=job.status, note=400 * "n")
    grown = replace(job, version=2, timeline=800 * (entry,))

    jobs.save(grown, was=job)

    assert jobs.get(job.id) == grown
