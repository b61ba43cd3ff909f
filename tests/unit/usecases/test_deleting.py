"""Deleting a job: its images, its callbacks, its record; only when it is over."""

from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.memory.buckets import MemoryMediaStore
from shared.adapters.memory.webhooks import Posted
from shared.domain.errors import InvalidTransition, JobNotFound, VersionConflict
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.ports.webhooks import Reply
from tests.memory_service import MemoryService
from tests.unit.usecases.living import POLICY, call_back, now_of
from tests.unit.usecases.receiving import URL, always, an_endpoint, deliver, deliveries, publish


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


class TestDeliveries:
    """What waits for receivers, or was sent to them, goes with the job."""

    def test_its_deliveries_go_whatever_became_of_them(self, service: MemoryService) -> None:
        an_endpoint(service)
        service.receivers.answers[URL] = always(status=500)
        job, other = finished(service), finished(service)
        publish(service)
        deliver(service)
        assert {one.job_id for one in deliveries(service)} == {job.id, other.id}

        service.delete_job(job)

        assert {one.job_id for one in deliveries(service)} == {other.id}

    def test_one_under_way_does_not_come_back(self, service: MemoryService) -> None:
        an_endpoint(service)
        job = finished(service)
        publish(service)

        def deletes(_: Posted) -> Reply:
            service.delete_job(job)
            return Reply(milliseconds=5, status=500)

        service.receivers.answers[URL] = deletes
        service.deliver_webhook(service.to_deliver.messages.popleft())

        assert deliveries(service) == []
        assert deliver(service)
        assert deliveries(service) == []

    def test_an_event_that_is_published_afterwards_plans_none(self, service: MemoryService) -> None:
        an_endpoint(service)
        job = finished(service)
        events = list(service.store.announced.values())

        service.delete_job(job)
        service.publish_events(events)

        assert deliveries(service) == []
        assert not service.to_deliver.messages

    def test_one_that_is_planned_while_the_job_is_deleted_goes_as_well(
        self, service: MemoryService
    ) -> None:
        an_endpoint(service)
        job = finished(service)
        remove = service.store.remove

        def overtaken(job: Job) -> None:
            publish(service)
            remove(job)

        service.store.remove = overtaken
        service.delete_job(job)

        assert deliveries(service) == []

    def test_what_was_announced_and_not_published_goes(self, service: MemoryService) -> None:
        job, other = finished(service), finished(service)

        service.delete_job(job)

        assert {event.subject for event in service.store.announced.values()} == {f"job#{other.id}"}


class TestImagesThatComeMeanwhile:
    """What is stored for a job that is deleted at that moment is removed again."""

    @pytest.mark.parametrize("inline", [False, True], ids=["by link", "inline"])
    def test_an_answer_that_comes_after_the_deletion_leaves_nothing(
        self, service: MemoryService, *, inline: bool
    ) -> None:
        service.aimlapi.answers_inline = inline

        class Slow:
            def submit(self, *args: Any, **parts: Any) -> Any:
                answer = service.aimlapi.submit(*args, **parts)
                service.delete_job(service.cancel_job(now_of(service, job)))
                return answer

            def __getattr__(self, name: str) -> Any:
                return getattr(service.aimlapi, name)

        service.providers = {**service.providers, "aimlapi": Slow()}
        job = service.submit(provider="aimlapi", delivery="sync")

        with pytest.raises(JobNotFound):
            service.dispatch_attempt(job.id)

        assert service.bucket.objects == {}

    def test_a_result_that_is_stored_after_the_deletion_is_removed(
        self, service: MemoryService
    ) -> None:
        job = service.cancel_job(service.submit())
        service.apixo.finish_all()
        store = service.bucket.store

        def overtaken(*args: Any, **parts: Any) -> Any:
            service.delete_job(now_of(service, job))
            return store(*args, **parts)

        service.bucket.store = overtaken

        with pytest.raises(JobNotFound):
            service.collect(job.id)

        assert service.bucket.objects == {}


def test_a_record_that_reached_the_end_of_its_time_leaves_its_images(
    service: MemoryService,
) -> None:
    """`record_days` may be shorter than `media_days`, and callbacks may come again."""
    job = service.submit()
    service.apixo.finish_all()
    service.collect(job.id)
    kept = dict(service.bucket.objects)
    service.store._jobs.pop(job.id)  # noqa: SLF001  # as the table's TTL does

    with pytest.raises(JobNotFound):
        service.collect(job.id)

    assert service.bucket.objects == kept
