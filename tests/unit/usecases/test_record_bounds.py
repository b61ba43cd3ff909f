"""How much can be added to a job: by retries, by failover, by time and by what providers say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.adapters import job_record
from shared.domain.bounds import (
    FIRST_ENTRIES,
    LATEST_ENTRIES,
    LONGEST_LINK,
    LONGEST_NOTE,
    MOST_ATTEMPTS,
    MOST_RESULTS,
    cut,
)
from shared.domain.errors import ErrorCode, Fault, NotSent, Refused, TooManyAttempts
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.reports import TaskReport, TaskState, results
from shared.domain.status import JobStatus
from shared.domain.submission import Attempt, Made, split
from tests.memory_service import MemoryService
from tests.unit.domain.jobs import NOW, a_job, answered, claimed
from tests.unit.functions.front_door import FrontDoor
from tests.unit.usecases.living import DOWN, LOST, REFUSED, live, now_of

OUT_OF_ORDER = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="out of order")
ELSEWHERE = Fault(code=ErrorCode.PROVIDER_REJECTED, message="not here")
AWAY = Refused(ELSEWHERE)  # another provider may do better
ENTRIES = FIRST_ENTRIES + LATEST_ENTRIES


def retried(service: MemoryService, job: Job) -> Job:
    service.retry(now_of(service, job))
    live(service, minutes=1)
    return now_of(service, job)


def exhausted(service: MemoryService, **wish: Any) -> Job:
    """A job that has failed in each of the attempts it may have."""
    service.apixo.errors = [REFUSED] * MOST_ATTEMPTS
    job = service.submit(**wish)
    for _ in range(MOST_ATTEMPTS - 1):
        job = retried(service, job)
    assert (job.status, len(job.attempts)) == (JobStatus.FAILED, MOST_ATTEMPTS)
    return job


def test_the_retry_after_the_twentieth_attempt_is_refused_in_words() -> None:
    door = FrontDoor()
    key = door.make_key()
    job = exhausted(door.service, key=door.service.a_key())

    answer = door.call("POST", f"/v1/jobs/{job.id}/retry", key=key["key"])

    assert (answer.status, answer.json["code"]) == (409, "too_many_attempts")
    (error,) = answer.json["errors"]
    assert (error["pointer"], error["code"]) == ("/attempts", "too_many")
    assert "at most 20 attempts" in error["message"]
    assert answer.json["retryable"] is False
    assert now_of(door.service, job) == job
    assert not door.service.to_dispatch.messages


def test_retries_that_never_begin_an_attempt_are_bounded_too(service: MemoryService) -> None:
    job = service.admit(start_within=timedelta(seconds=1))
    for _ in range(MOST_ATTEMPTS - 1):
        service.time.sleep(2)
        service.retry(service.collect(job.id))
    service.time.sleep(2)
    job = service.collect(job.id)
    assert (job.status, job.attempts) == (JobStatus.EXPIRED, ())

    with pytest.raises(TooManyAttempts):
        service.retry(job)


def test_a_fifth_key_is_refused_and_the_four_go_on() -> None:
    door = FrontDoor()
    keys = [door.make_key() for _ in range(5)]
    door.service.apixo.errors = [REFUSED] * MOST_ATTEMPTS
    path = f"/v1/jobs/{door.post(keys[0]).json['id']}/retry"

    def statuses() -> list[int]:
        found = []
        for key in keys:
            found.append(door.call("POST", path, key=key["key"]).status)
            door.service.deliver_messages()
        return found

    assert statuses() == [202, 202, 202, 202, 409]
    assert statuses() == [202, 202, 202, 202, 409]


def test_failover_ends_at_the_bound_and_the_job_fails(service: MemoryService) -> None:
    service.apixo.errors = [REFUSED, *MOST_ATTEMPTS * [AWAY]]
    service.oxen.errors = [AWAY] * MOST_ATTEMPTS
    job = service.submit(provider=("apixo", "oxen"))
    live(service, minutes=1)
    for _ in range(9):
        job = retried(service, job)
    assert len(job.attempts) == MOST_ATTEMPTS - 1

    job = retried(service, job)

    assert (job.status, job.error) == (JobStatus.FAILED, ELSEWHERE)
    assert [one.provider for one in job.attempts[-2:]] == ["oxen", "apixo"]
    assert len(job.attempts) == MOST_ATTEMPTS


@pytest.mark.parametrize("is_noticed", [False, True])
def test_an_outage_makes_no_attempt_out_of_the_last_one(
    service: MemoryService, *, is_noticed: bool
) -> None:
    """Neither where it is tried in vain, nor where its breaker keeps the job from trying."""
    service.apixo.errors = [*(MOST_ATTEMPTS - 1) * [REFUSED], *1_000 * [DOWN]]
    job = service.submit(provider=("apixo", "oxen"))
    for _ in range(MOST_ATTEMPTS - 2):
        job = retried(service, job)
    service.retry(job)
    service.deliver_messages()
    job = now_of(service, job)
    assert (job.status, len(job.attempts)) == (JobStatus.QUEUED, MOST_ATTEMPTS)

    for _ in range(10 if is_noticed else 0):
        service.provider_gate.report("apixo", "seedream-4.5", OUT_OF_ORDER)
    live(service, seconds=10, step=2)
    live(service, hours=25, step=600)

    job = now_of(service, job)
    assert job.status in {JobStatus.FAILED, JobStatus.EXPIRED}
    assert len(job.attempts) == MOST_ATTEMPTS
    assert not service.oxen.tasks


def test_a_guess_is_an_attempt_too(service: MemoryService) -> None:
    service.apixo.errors = [LOST] * 5
    job = service.submit(on_unknown="retry")

    live(service, hours=3, step=60)

    job = now_of(service, job)
    assert (job.status, len(job.attempts)) == (JobStatus.FAILED, 3)


def test_of_a_long_timeline_the_beginning_and_the_end_are_kept(service: MemoryService) -> None:
    service.apixo.errors = [DOWN] * 5_000
    job = service.submit(finish_within=timedelta(days=7), failover=False)
    began = now_of(service, job).timeline

    live(service, hours=7 * 24 + 1, step=300)

    job = now_of(service, job)
    assert (job.status, job.dispatch_tries > 500) == (JobStatus.EXPIRED, True)
    assert len(job.timeline) == ENTRIES
    assert job.timeline[: len(began)] == began
    assert job.timeline[-1].status is JobStatus.EXPIRED
    times = [entry.at for entry in job.timeline]
    assert times == sorted(times)


def test_what_a_provider_says_is_kept_in_part(service: MemoryService) -> None:
    endless = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message=20_000 * "\N{SNOWMAN}")
    service.apixo.errors = [NotSent(endless), Refused(endless)]
    service.oxen.errors = [Refused(endless)]
    job = service.submit(provider=("apixo", "oxen"))

    live(service, minutes=10)

    job = now_of(service, job)
    said = [job.error.message if job.error else "", *(entry.note or "" for entry in job.timeline)]
    said += [fault.message for s in job.submissions for fault in s.faults]
    said += [one.decision or "" for one in job.attempts]
    assert job.status is JobStatus.FAILED
    assert len(job.attempts) == 2
    assert max(len(text.encode()) for text in said) <= LONGEST_NOTE


@pytest.mark.parametrize("letter", ["a", "\N{LATIN SMALL LETTER A WITH DIAERESIS}", "\N{FOX FACE}"])
def test_a_text_is_cut_between_characters(letter: str) -> None:
    whole, longer = cut(100 * letter), cut(1_000 * letter)

    assert whole == 100 * letter
    assert len(longer.encode()) <= LONGEST_NOTE
    assert longer == (len(longer) - 1) * letter + "\N{HORIZONTAL ELLIPSIS}"


def test_no_more_results_of_a_submission_are_taken_than_a_job_can_ask_for() -> None:
    attempt = Attempt(number=1, provider="apixo", delivery="poll", started_at=NOW)
    (submission,) = split(1, per_submission=15, attempt=attempt)
    urls = tuple(f"https://example.com/{number}.png" for number in range(1_000))
    report = TaskReport(task_id=TaskId("t"), state=TaskState.SUCCEEDED, result_urls=urls)

    assert [one.position for one in results(submission, [report])] == list(range(MOST_RESULTS))


# --- all at once


def grown(service: MemoryService, *, n: int) -> Job:
    """Drive a job to all its bounds: everything long that a caller or a provider may send."""
    endless = Fault(code=ErrorCode.PROVIDER_REJECTED, message=5_000 * "\N{SNOWMAN}")
    service.aimlapi.errors = [Refused(endless)] * (n * MOST_ATTEMPTS)
    job = service.submit(
        provider="aimlapi",
        n=n,
        prompt=5_000 * "\0",
        images=tuple(f"https://example.com/{number}-{2_000 * 'a'}" for number in range(10)),
        metadata={"k": 512 * "v"},
        webhook_url="https://example.com/" + 2_000 * "a",
    )
    live(service, minutes=1)
    while True:
        try:
            job = retried(service, job)
        except TooManyAttempts:
            return job


def size(job: Job) -> int:
    return len(job_record.written(job).encode())


@pytest.mark.parametrize(("n", "most"), [(1, 150_000), (4, 200_000), (10, 300_000)])
def test_a_job_at_all_its_bounds_fits_into_its_record(
    service: MemoryService, n: int, most: int
) -> None:
    job = grown(service, n=n)

    assert len(job.attempts) == MOST_ATTEMPTS
    assert len(job.submissions) == n * MOST_ATTEMPTS
    assert size(job) < most


def test_links_that_wait_for_their_images_keep_a_job_from_another_attempt() -> None:
    """They cannot be fetched, and are kept as long as they may be: that is what fills a record."""
    job = claimed(a_job(n=10))
    made = Made(urls=("https://example.com/" + LONGEST_LINK * "a",), charged_usd=Decimal("0.04"))
    answers = [s.accepted((TaskId(200 * str(s.number)[-1:]),), made) for s in job.current]

    job = answered(job, *answers).expired(NOW, OUT_OF_ORDER)

    assert size(job) < 150_000
    assert all(len(url) == LONGEST_LINK for s in job.submissions if s.made for url in s.made.urls)
    with pytest.raises(TooManyAttempts):
        job.reopened(NOW, key_id=job.key_id)
