"""Lists of some of a tenant's jobs: as few as wanted, all of them, at a bounded price."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import JobId
from shared.domain.job_filter import JobFilter
from shared.domain.status import JobStatus
from shared.ports.jobs import JobStore
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.worlds import Table

ODD: dict[str, Any] = {
    "status": JobStatus.FAILED,
    "model": "seedream-4",
    "provider": "oxen",
    "tags": ("x", "night"),
    "batch": "batch-1",
}


def every_fifth_is_odd(jobs: JobStore, count: int) -> list[JobId]:
    """Add jobs; return the ids of those that differ in every way, newest first."""
    for number in range(count):
        jobs.add(a_job(number, **(ODD if number % 5 == 0 else {})))
    return [a_job(number).id for number in reversed(range(0, count, 5))]


def walk(jobs: JobStore, wanted: JobFilter, *, limit: int) -> tuple[list[int], list[JobId]]:
    sizes, listed, cursor = [], [], None
    for _ in range(20):
        page = jobs.newest("acme", limit=limit, cursor=cursor, wanted=wanted)
        sizes.append(len(page.jobs))
        listed += [job.id for job in page.jobs]
        cursor = page.cursor
        if cursor is None:
            return sizes, listed
    raise AssertionError(f"the pages never end: {sizes}")


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(status=JobStatus.FAILED),
        JobFilter(model="seedream-4"),
        JobFilter(provider="oxen"),
        JobFilter(tag="night"),
        JobFilter(batch="batch-1"),
        JobFilter(status=JobStatus.FAILED, tag="x", provider="oxen", since=NOW),
    ],
    ids=["status", "model", "provider", "tag", "batch", "several"],
)
def test_only_jobs_that_are_wanted_are_listed_and_all_of_them(
    jobs: JobStore, wanted: JobFilter
) -> None:
    odd = every_fifth_is_odd(jobs, 23)

    assert walk(jobs, wanted, limit=2)[1] == odd
    assert walk(jobs, wanted, limit=100)[1] == odd


def test_jobs_that_meet_only_some_of_what_is_wanted_are_not_listed(jobs: JobStore) -> None:
    every_fifth_is_odd(jobs, 6)

    nobody = JobFilter(status=JobStatus.FAILED, provider="apixo")

    assert walk(jobs, nobody, limit=10)[1] == []


def test_a_span_of_time_has_its_beginning_and_not_its_end(jobs: JobStore) -> None:
    for number in range(6):
        jobs.add(a_job(number))

    span = JobFilter(since=NOW + 2 * MINUTE, until=NOW + 4 * MINUTE)

    assert walk(jobs, span, limit=1)[1] == [a_job(3).id, a_job(2).id]


def test_a_microsecond_decides_who_is_in_a_span(jobs: JobStore) -> None:
    jobs.add(a_job())
    instant = timedelta(microseconds=1)

    assert walk(jobs, JobFilter(since=NOW, until=NOW + instant), limit=9)[1] == [a_job().id]
    assert walk(jobs, JobFilter(since=NOW + instant), limit=9)[1] == []
    assert walk(jobs, JobFilter(until=NOW), limit=9)[1] == []


def test_a_span_that_ends_before_it_begins_holds_nothing(jobs: JobStore) -> None:
    jobs.add(a_job())

    assert walk(jobs, JobFilter(since=NOW + MINUTE, until=NOW - MINUTE), limit=9)[1] == []


@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_cursor_from_outside_the_span_goes_on_from_where_it_was(
    jobs: JobStore, number: int
) -> None:
    for one in range(6):
        jobs.add(a_job(one))
    cursor = jobs.newest("acme", limit=6 - number, cursor=None).cursor

    page = jobs.newest(
        "acme",
        limit=9,
        cursor=cursor,
        wanted=JobFilter(since=NOW + 2 * MINUTE, until=NOW + 4 * MINUTE),
    )

    older = [one for one in (3, 2) if one < number or cursor is None]
    assert [job.id for job in page.jobs] == [a_job(one).id for one in older]


def test_one_call_looks_at_so_many_jobs_and_the_cursor_leads_on(table: Table) -> None:
    table.place([a_job(0, **ODD), *map(a_job, range(1, 502))])

    sizes, listed = walk(table.jobs, JobFilter(provider="oxen"), limit=10)

    assert listed == [a_job(0).id]
    assert sizes == [0, 1]
