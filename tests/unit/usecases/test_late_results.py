"""What comes after the end: it is stored, marked late, charged and announced; the end stays."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.errors import ErrorCode
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.living import POLICY, announced, call_back, live, now_of


def after_timeout(service: MemoryService) -> Job:
    job = service.submit()
    live(service, minutes=30, step=300)
    return now_of(service, job)


def after_ambiguous_submit(service: MemoryService) -> Job:
    service.apixo.loses_answers = True
    job = service.submit()
    live(service, minutes=15, step=300)
    return now_of(service, job)


def after_cancel(service: MemoryService) -> Job:
    job = service.submit()
    service.apixo.finish_all()
    return service.cancel_job(job)


def after_expiry(service: MemoryService) -> Job:
    job = service.submit(finish_within=timedelta(minutes=1))
    live(service, minutes=5)
    return now_of(service, job)


@pytest.mark.parametrize(
    ("end", "status", "code"),
    [
        (after_timeout, JobStatus.FAILED, ErrorCode.PROVIDER_TIMEOUT),
        (after_ambiguous_submit, JobStatus.FAILED, ErrorCode.AMBIGUOUS_SUBMIT),
        (after_cancel, JobStatus.CANCELLED, None),
        (after_expiry, JobStatus.EXPIRED, ErrorCode.DEADLINE_FINISH),
    ],
)
def test_a_late_result_is_stored_marked_charged_and_announced_and_the_end_stays(
    service: MemoryService,
    end: Callable[[MemoryService], Job],
    status: JobStatus,
    code: ErrorCode | None,
) -> None:
    ended = end(service)
    assert (ended.status, ended.late, ended.charged_usd) == (status, False, None)
    assert (ended.error.code if ended.error else None) is code

    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()

    job = now_of(service, ended)
    assert (job.status, job.late, job.error) == (status, True, ended.error)
    assert job.completed_at == ended.completed_at
    assert job.charged_usd == Decimal("0.0350")
    assert service.bucket.objects == {image.key: a_png() for image in job.images}
    assert announced(service).count("job.late_result") == 1
    assert job.due_at is None


def test_a_late_result_that_nobody_reports_is_found_by_looking(service: MemoryService) -> None:
    job = after_timeout(service)
    service.apixo.finish_all()

    live(service, hours=2, step=60)

    assert len(now_of(service, job).images) == 1


def test_the_looks_become_rare(service: MemoryService) -> None:
    job = after_timeout(service)
    looks: list[timedelta] = []
    while (job := now_of(service, job)).due_at is not None:
        before = service.clock.now()
        service.time.sleep(max(0.0, (job.due_at - before).total_seconds()))
        service.collect(job.id)
        looks.append(service.clock.now() - before)

    assert len(looks) < 40
    assert max(looks) > timedelta(hours=1)
    assert service.clock.now() - job.created_at == timedelta(hours=25)


def test_two_late_images_that_come_one_after_the_other_are_two_announcements(
    service: MemoryService,
) -> None:
    job = service.submit(provider="oxen", n=2)
    live(service, minutes=30, step=300)

    for task_id in ("oxen-0", "oxen-1"):
        service.oxen.finish(TaskId(task_id))
        service.collect(job.id)
        service.collect(job.id)

    job = now_of(service, job)
    assert (job.status, job.late) == (JobStatus.FAILED, True)
    assert [image.index for image in job.images] == [0, 1]
    assert announced(service).count("job.late_result") == 2


def test_a_late_failure_settles_the_cost_and_announces_nothing(service: MemoryService) -> None:
    job = after_timeout(service)
    told = announced(service)
    service.apixo.fail(TaskId("apixo-0"), POLICY)

    job = service.collect(job.id)

    assert (job.status, job.late, job.charged_usd) == (JobStatus.FAILED, False, Decimal(0))
    assert job.error is not None
    assert job.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert announced(service) == told
    assert job.due_at is None


def test_a_late_image_that_cannot_be_fetched_is_fetched_again(service: MemoryService) -> None:
    job = after_timeout(service)
    service.apixo.finish_all()
    served = dict(service.apixo.files)
    service.apixo.files.clear()
    assert service.collect(job.id).images == ()

    service.apixo.files |= served
    live(service, hours=3, step=300)

    assert len(now_of(service, job).images) == 1


def test_after_25_hours_nothing_is_awaited_any_more(service: MemoryService) -> None:
    job = after_ambiguous_submit(service)

    live(service, hours=25, step=600)

    job = now_of(service, job)
    assert job.due_at is None
    assert job.submissions[0].state is SubmissionState.SETTLED
    assert job.charged_usd is None
    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()
    assert now_of(service, job) == job


def test_a_partial_job_gets_the_rest_when_it_comes(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=2)
    service.oxen.finish(TaskId("oxen-1"))
    service.collect(job.id)
    live(service, minutes=30, step=300)
    assert now_of(service, job).status is JobStatus.PARTIAL

    service.oxen.finish(TaskId("oxen-0"))
    job = service.collect(job.id)

    assert (job.status, job.late) == (JobStatus.PARTIAL, True)
    assert [image.index for image in job.images] == [0, 1]
