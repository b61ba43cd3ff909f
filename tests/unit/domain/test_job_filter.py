"""A span of time is a span of ids: a list of jobs reads nothing that lies outside."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.ids import JobId, ulid
from shared.domain.job_filter import ALL_JOBS, JobFilter

SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 1, 1, tzinfo=UTC)
BEFORE_1970 = datetime(1, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def an_id(at: datetime, *, chance: int = 0) -> JobId:
    return JobId(f"job_{ulid(at, bytes([chance]) * 10)}")


def lies_in(wanted: JobFilter, job_id: JobId) -> bool:
    first, last = wanted.span
    return first <= job_id <= last


@pytest.mark.parametrize("chance", [0, 255])
def test_every_job_of_the_span_lies_between_its_ids(chance: int) -> None:
    wanted = JobFilter(since=SINCE, until=UNTIL)

    assert lies_in(wanted, an_id(SINCE, chance=chance))
    assert lies_in(wanted, an_id(UNTIL, chance=chance))  # admits() looks at parts of milliseconds


@pytest.mark.parametrize("chance", [0, 255])
def test_no_job_from_before_or_after_does(chance: int) -> None:
    wanted = JobFilter(since=SINCE, until=UNTIL)

    assert not lies_in(wanted, an_id(SINCE - MILLISECOND, chance=chance))
    assert not lies_in(wanted, an_id(UNTIL + MILLISECOND, chance=chance))


@pytest.mark.parametrize("at", [FIRST, SINCE, LAST])
def test_without_a_span_every_job_does(at: datetime) -> None:
    assert lies_in(ALL_JOBS, an_id(at))


@pytest.mark.parametrize(
    "wanted",
    [
        JobFilter(until=BEFORE_1970),
        JobFilter(since=LAST + timedelta(days=1)),
    ],
    ids=["before there were ids", "after there will be any"],
)
def test_a_span_without_ids_holds_no_job(wanted: JobFilter) -> None:
    assert not lies_in(wanted, an_id(SINCE))


def test_a_beginning_before_there_were_ids_is_none() -> None:
    assert JobFilter(since=BEFORE_1970).span == ALL_JOBS.span
