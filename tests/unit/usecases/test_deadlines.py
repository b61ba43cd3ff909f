"""The caller's own deadlines, start_by and finish_by: they alone make a job expired."""

from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.errors import ErrorCode
from shared.domain.ids import TaskId
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.living import (
    DOWN,
    LOST,
    POLICY,
    announced,
    call_back,
    interrupt,
    live,
    now_of,
)

MINUTE = timedelta(minutes=1)


def test_a_job_that_could_not_be_sent_by_start_by_has_expired(service: MemoryService) -> None:
    service.apixo.errors = [DOWN] * 100
    job = service.submit(start_within=5 * MINUTE)

    live(service, minutes=4)
    assert now_of(service, job).status is JobStatus.QUEUED
    live(service, minutes=1, seconds=30)

    job = now_of(service, job)
    assert job.status is JobStatus.EXPIRED
    assert job.error is not None
    assert job.error.code is ErrorCode.DEADLINE_START
    assert (job.due_at, job.charged_usd) == (None, Decimal(0))
    assert announced(service)[-1] == "job.expired"


def test_an_expired_job_is_not_sent_when_the_provider_is_back(service: MemoryService) -> None:
    service.apixo.errors = [DOWN]
    job = service.submit(start_within=timedelta(seconds=1))

    service.time.sleep(1)
    service.dispatch_attempt(job.id)
    service.dispatch_attempt(job.id)

    assert now_of(service, job).status is JobStatus.EXPIRED
    assert service.apixo.tasks == {}


def test_a_job_that_nobody_sent_off_expires_when_its_time_comes_not_later(
    service: MemoryService,
) -> None:
    job = service.admit(start_within=timedelta(seconds=5))

    assert job.due_at == job.start_by
    service.time.sleep(5)
    live(service, seconds=1)

    assert now_of(service, job).status is JobStatus.EXPIRED


def test_an_expiry_that_meets_another_writer_leaves_the_job_to_that_one(
    service: MemoryService,
) -> None:
    job = service.admit(start_within=timedelta(seconds=5))
    service.cancel_job(job)
    service.time.sleep(5)

    service.dispatch_attempt(job.id, known=job)

    assert now_of(service, job).status is JobStatus.CANCELLED


@pytest.mark.parametrize("seconds", [59, 60])
def test_the_last_moment_to_start_is_just_before_start_by(
    service: MemoryService, seconds: int
) -> None:
    job = service.admit(start_within=MINUTE)
    service.time.sleep(seconds)

    service.dispatch_attempt(job.id)

    assert len(service.apixo.tasks) == (1 if seconds < 60 else 0)


def test_a_job_that_has_started_does_not_mind_start_by(service: MemoryService) -> None:
    job = service.submit(start_within=timedelta(seconds=1))

    live(service, minutes=3)
    assert now_of(service, job).status is JobStatus.PROCESSING
    service.apixo.finish_all()
    live(service, minutes=2)

    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_nor_does_one_that_is_tried_again_because_its_first_answer_was_lost(
    service: MemoryService,
) -> None:
    service.apixo.errors = [LOST]
    job = service.submit(start_within=MINUTE, on_unknown="retry")

    live(service, minutes=16)
    service.apixo.finish_all()
    live(service, minutes=3)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert len(job.attempts) == 2


@pytest.mark.parametrize("provider", ["apixo", "oxen"])
@pytest.mark.parametrize("seconds", [40, 90, 1000])
def test_a_job_that_is_not_done_by_finish_by_has_expired_within_a_minute(
    service: MemoryService, provider: str, seconds: int
) -> None:
    job = service.submit(provider=provider, finish_within=timedelta(seconds=seconds))

    live(service, seconds=seconds - 1)
    assert now_of(service, job).status is JobStatus.PROCESSING
    live(service, seconds=61)

    job = now_of(service, job)
    assert job.status is JobStatus.EXPIRED
    assert job.error is not None
    assert job.error.code is ErrorCode.DEADLINE_FINISH
    assert job.charged_usd is None


def test_what_is_there_when_the_deadline_is_noticed_counts(service: MemoryService) -> None:
    job = service.submit(finish_within=MINUTE)
    service.apixo.finish_all()
    service.time.sleep(61)

    assert service.collect(job.id).status is JobStatus.SUCCEEDED


def test_an_expired_job_keeps_the_images_it_has(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=2, finish_within=MINUTE)
    service.oxen.finish(TaskId("oxen-1"))
    service.collect(job.id)

    service.time.sleep(60)
    job = service.collect(job.id)

    assert (job.status, job.late) == (JobStatus.EXPIRED, False)
    assert [image.index for image in job.images] == [1]


def test_a_job_of_unknown_fate_expires_too_and_is_followed(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit(finish_within=MINUTE)

    live(service, seconds=90)
    job = now_of(service, job)
    assert (job.status, job.submissions[0].state) == (JobStatus.EXPIRED, SubmissionState.UNKNOWN)

    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.EXPIRED, True, 1)
    assert job.charged_usd == Decimal("0.0350")


def test_a_job_that_expires_while_it_is_sent_knows_its_task(service: MemoryService) -> None:
    def expire(order: Order) -> None:
        service.time.sleep(60)
        service.collect(order.job_id)

    interrupt(service, service.apixo, expire)

    job = service.submit(finish_within=MINUTE)

    assert (job.status, job.task_ids) == (JobStatus.EXPIRED, ("apixo-0",))


@pytest.mark.parametrize("happens", ["refused", "lost", "slow", "empty", "gone", "cancelled"])
def test_nothing_but_a_deadline_makes_a_job_expired(service: MemoryService, happens: str) -> None:
    service.apixo.loses_answers = happens == "lost"
    job = service.submit(n=2)
    match happens:
        case "refused":
            service.apixo.fail(TaskId("apixo-0"), POLICY)
        case "empty":
            service.apixo.finish(TaskId("apixo-0"), images=0)
        case "gone":
            service.apixo.finish_all()
            service.apixo.files.clear()
        case "cancelled":
            service.cancel_job(job)
        case _:
            pass

    live(service, hours=24, minutes=5, step=600)

    job = now_of(service, job)
    assert job.is_terminal
    assert job.status is not JobStatus.EXPIRED


def test_without_a_deadline_of_ones_own_a_job_ends_within_a_day(service: MemoryService) -> None:
    service.apixo.errors = [DOWN] * 1000
    job = service.submit()

    live(service, hours=24, minutes=1, step=60)

    job = now_of(service, job)
    assert job.status is JobStatus.EXPIRED
    assert job.error is not None
    assert job.error.code is ErrorCode.DEADLINE_FINISH
