"""Deleting a job: its images, its callbacks, its record; only when it is over."""

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.memory.buckets import MemoryMediaStore
from shared.domain.errors import InvalidTransition, JobNotFound, VersionConflict
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.unit.usecases.living import POLICY, call_back, now_of


def finished(service: MemoryService) -> Job:
    job = service.submit()
    service.apixo.finish(list(service.apixo.tasks)[-1])
    call_back(service, number=len(service.apixo.tasks) - 1)
    service.deliver_messages()
    return now_of(service, job)


def test_nothing_of_the_job_is_left_and_nothing_else_is_touched(service: MemoryService) -> None:
    job = finished(service)
    service.time.sleep(1)
    other = finished(service)

    service.delete_job(job)

    with pytest.raises(JobNotFound):
        service.jobs.get(job.id)
    assert now_of(service, other) == other
    assert list(service.bucket.objects) == [other.images[0].key]
    assert [kept.job_id for kept in service.archive.kept] == [other.id]


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "expired"])
def test_every_job_that_is_over_can_be_deleted(service: MemoryService, end: str) -> None:
    job = service.submit()
    match end:
        case "succeeded":
            service.apixo.finish_all()
        case "failed":
            service.apixo.fail(TaskId("apixo-0"), POLICY)
        case "cancelled":
            service.cancel_job(job)
        case _:
            pass
    if end == "expired":
        job = service.jobs.get(job.id)
        service.time.sleep(24 * 3600)
        service.jobs.save(job.expired(service.clock.now(), POLICY), was=job)
    job = service.collect(job.id)
    assert job.status == end

    service.delete_job(job)

    assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.PROCESSING])
def test_a_job_that_is_not_over_must_be_cancelled_first(
    service: MemoryService, status: JobStatus
) -> None:
    job = service.admit() if status is JobStatus.QUEUED else service.submit()

    with pytest.raises(InvalidTransition, match="cancel it"):
        service.delete_job(job)

    assert now_of(service, job).status is status


def test_an_image_that_comes_while_its_job_is_deleted_goes_as_well(service: MemoryService) -> None:
    job = service.submit()
    cancelled = service.cancel_job(job)
    service.apixo.finish_all()
    service.deliver_messages()  # its late image comes

    service.delete_job(cancelled)

    assert service.bucket.objects == {}
    with pytest.raises(JobNotFound):
        service.jobs.get(job.id)


def test_a_callback_that_comes_after_the_job_was_deleted_leaves_nothing(
    service: MemoryService,
) -> None:
    other = finished(service)
    service.time.sleep(1)
    job = service.submit()
    service.delete_job(service.cancel_job(job))
    service.to_collect.messages.clear()

    call_back(service, number=1)
    assert {kept.job_id for kept in service.archive.kept} == {other.id, job.id}
    with pytest.raises(JobNotFound):
        service.deliver_messages()

    assert {kept.job_id for kept in service.archive.kept} == {other.id}


def test_a_job_that_never_stands_still_is_not_deleted(service: MemoryService) -> None:
    job = finished(service)

    class Moves(MemoryMediaStore):
        def remove(self, job_id: JobId) -> None:
            current = service.jobs.get(job_id)
            service.jobs.save(replace(current, version=current.version + 1), was=current)

    with pytest.raises(VersionConflict, match="keeps moving"):
        replace(service.delete_job, media=Moves())(job)

    assert now_of(service, job).images == job.images


def test_a_job_that_is_retried_meanwhile_lives_on(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.fail(TaskId("apixo-0"), POLICY)
    failed = service.collect(job.id)
    service.retry(failed)

    with pytest.raises(InvalidTransition):
        service.delete_job(failed)

    assert now_of(service, job).status is JobStatus.QUEUED


def test_what_was_interrupted_can_be_done_again(service: MemoryService) -> None:
    job = finished(service)

    class Down:
        def remove(self, _: object) -> None:
            raise ConnectionError

        def __getattr__(self, name: str) -> Any:
            return getattr(service.archive, name)

    with pytest.raises(ConnectionError):
        replace(service.delete_job, archive=Down())(job)
    assert now_of(service, job) == job

    service.delete_job(job)

    with pytest.raises(JobNotFound):
        service.jobs.get(job.id)


def test_a_deleted_job_is_never_looked_at_or_sent_again(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    service.cancel_job(job)
    service.to_collect.messages.clear()
    service.delete_job(now_of(service, job))

    service.time.sleep(3600)

    assert service.jobs.due(before=service.clock.now(), limit=10) == []
