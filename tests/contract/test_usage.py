"""Usage: rows that are changed with each job that ends, and read by day."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.errors import ErrorCode, Fault
from shared.domain.job import Job
from shared.domain.money import micros
from shared.domain.usage import Counts, summed
from shared.ports.jobs import JobStore
from shared.ports.keys import UsageBook
from tests.contract.samples import KEY, PRICE, a_job, claimed, finished, submitted

TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)
DAY = 24 * 60
SECOND = timedelta(seconds=1)
GONE = Fault(code=ErrorCode.PROVIDER_REJECTED, message="no")


def done(jobs: JobStore, job: Job) -> Job:
    job = replace(job, estimated_usd=PRICE)
    claim = claimed(job)
    sent = submitted(claim, f"task of {job.id}")
    over = finished(sent)
    jobs.add(job)
    jobs.save(claim, was=job)
    jobs.save(sent, was=claim)
    jobs.save(over, was=sent)
    return over


def failed(jobs: JobStore, job: Job) -> Job:
    claim = claimed(job)
    at = claim.updated_at + SECOND
    refused = [s.refused(GONE, at) for s in claim.current]
    over = claim.answered(refused, at=at, check_at=at, retry_at=at)
    jobs.add(job)
    jobs.save(claim, was=job)
    jobs.save(over, was=claim)
    return over


def read(
    book: UsageBook, by: str, *, since: date = TODAY, until: date = TOMORROW
) -> dict[str, Counts]:
    lines = book.lines("acme", since=since, until=until, tagged=by == "tag")
    return dict(summed(lines, by=by))


def test_what_is_under_way_counts_for_nothing(jobs: JobStore, usage_book: UsageBook) -> None:
    jobs.add(a_job(tags=("one",)))

    assert read(usage_book, "day") == {}
    assert read(usage_book, "tag") == {}


def test_a_job_that_is_over_counts_once(jobs: JobStore, usage_book: UsageBook) -> None:
    done(jobs, a_job())

    assert read(usage_book, "day") == {
        "2026-11-20": Counter(jobs=1, succeeded=1, images=1, spent=35_000)
    }


def test_usage_can_be_told_by_whatever_a_row_knows(jobs: JobStore, usage_book: UsageBook) -> None:
    done(jobs, a_job(0))
    done(jobs, a_job(1, provider="oxen", model="seedream-4"))
    failed(jobs, a_job(2))

    assert {name: counts["jobs"] for name, counts in read(usage_book, "provider").items()} == {
        "apixo": 2,
        "oxen": 1,
    }
    assert {name: counts["spent"] for name, counts in read(usage_book, "model").items()} == {
        "seedream-4": 35_000,
        "seedream-4.5": 35_000,
    }
    assert read(usage_book, "key_id")[KEY]["failed"] == 1


def test_a_job_counts_for_each_of_its_tags(jobs: JobStore, usage_book: UsageBook) -> None:
    done(jobs, a_job(0, tags=("a#b", "zwei", "三")))
    done(jobs, a_job(1, tags=("zwei", "zwei")))

    assert {name: counts["jobs"] for name, counts in read(usage_book, "tag").items()} == {
        "a#b": 1,
        "zwei": 2,
        "三": 1,
    }
    assert read(usage_book, "day")["2026-11-20"]["jobs"] == 2


def test_only_the_days_asked_for_are_read(jobs: JobStore, usage_book: UsageBook) -> None:
    for number in (0, 1, 2):
        done(jobs, a_job(number * DAY))

    found = read(usage_book, "day", since=TOMORROW, until=TOMORROW)

    assert list(found) == ["2026-11-21"]


def test_a_day_counts_what_was_admitted_on_it(jobs: JobStore, usage_book: UsageBook) -> None:
    # A minute before midnight, and over after it.
    job = a_job(12 * 60 - 1)
    done(jobs, replace(job, updated_at=job.created_at + timedelta(minutes=5)))

    assert list(read(usage_book, "day")) == ["2026-11-20"]


def test_another_tenants_rows_are_not_there(jobs: JobStore, usage_book: UsageBook) -> None:
    done(jobs, a_job(tenant="acme-2"))

    assert read(usage_book, "day") == {}


def test_late_results_correct_what_was_counted(jobs: JobStore, usage_book: UsageBook) -> None:
    job = a_job(estimated_usd=PRICE)
    claim = claimed(job)
    sent = submitted(claim)
    cancelled = sent.cancelled(sent.updated_at + SECOND)
    jobs.add(job)
    for step, was in ((claim, job), (sent, claim), (cancelled, sent)):
        jobs.save(step, was=was)
    before = read(usage_book, "day")

    at = cancelled.updated_at + SECOND
    known = [s.settled(faults=(), charged=Decimal("0.04"), at=at) for s in cancelled.current]
    jobs.save(cancelled.settled(known, (), at=at, check_at=at), was=cancelled)

    row = before["2026-11-20"]
    assert (row["spent"], row["estimated"], row["unknown"]) == (35_000, 35_000, 1)
    row = read(usage_book, "day")["2026-11-20"]
    assert (row["spent"], row["estimated"], row["unknown"], row["jobs"]) == (40_000, 0, 0, 1)


def test_a_retried_job_counts_anew_and_not_twice(jobs: JobStore, usage_book: UsageBook) -> None:
    over = failed(jobs, a_job())
    again = over.reopened(over.updated_at + SECOND, key_id=KEY)
    jobs.save(again, was=over)
    under_way = read(usage_book, "day")["2026-11-20"]

    claim = claimed(again)
    sent = submitted(claim, "task-2")
    jobs.save(claim, was=again)
    jobs.save(sent, was=claim)
    jobs.save(finished(sent), was=sent)

    assert under_way["jobs"] == 0
    row = read(usage_book, "day")["2026-11-20"]
    assert (row["jobs"], row["succeeded"], row["failed"]) == (1, 1, 0)


def test_usage_equals_the_ledger(jobs: JobStore, usage_book: UsageBook) -> None:
    for number in range(12):
        (failed if number % 3 == 0 else done)(jobs, a_job(number, tags=("t",)))

    ledger = jobs.newest("acme", limit=100, cursor=None).jobs

    charged = sum(micros(job.charged_usd) for job in ledger if job.charged_usd is not None)
    for by in ("day", "model", "provider", "key_id", "tag"):
        assert sum(row["spent"] for row in read(usage_book, by).values()) == charged == 280_000
