"""From a finished task to stored images and a settled job."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.ports.media import Download
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.pictures import a_png

POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")


def finished(service: MemoryService, job: Job) -> Job:
    service.apixo.finish_all()
    service.oxen.finish_all()
    return service.collect(job.id)


def test_every_image_is_stored_and_described(service: MemoryService) -> None:
    job = finished(service, service.submit(n=2))

    assert job.status is JobStatus.SUCCEEDED
    assert [image.index for image in job.images] == [0, 1]
    assert [service.bucket.objects[image.key] for image in job.images] == [a_png()] * 2
    assert (job.images[0].width, job.images[0].height) == (8, 6)
    assert job.images[0].content_type == "image/png"


def test_images_are_stored_before_the_state_says_so(service: MemoryService) -> None:
    job = finished(service, service.submit())

    assert [entry.status for entry in job.timeline] == [
        JobStatus.QUEUED,
        JobStatus.SUBMITTING,
        JobStatus.PROCESSING,
        JobStatus.STORING,
        JobStatus.SUCCEEDED,
    ]


@pytest.mark.parametrize(("n", "seen"), [(1, JobStatus.PROCESSING), (2, JobStatus.STORING)])
def test_that_several_images_are_being_stored_is_seen_meanwhile(
    service: MemoryService, n: int, seen: JobStatus
) -> None:
    """Of one, the write that tells would cost more than the moment is worth."""
    job = service.submit(n=n)
    service.apixo.finish_all()
    statuses = set()

    class Watched:
        @contextmanager
        def open(self, url: str) -> Iterator[Download]:
            statuses.add(service.jobs.get(job.id).status)
            service.time.sleep(1)
            with service.image_source.open(url) as download:
                yield download

    over = replace(service.collect_result, image_source=Watched())(job.id)

    assert statuses == {seen}
    storing, end = over.timeline[-2:]
    assert (storing.status, end.status) == (JobStatus.STORING, JobStatus.SUCCEEDED)
    assert end.at - storing.at == timedelta(seconds=n)


def test_time_never_runs_backwards_though_a_retry_overtakes_what_comes_late(
    service: MemoryService,
) -> None:
    job = service.submit(finish_within=timedelta(seconds=60))
    service.time.sleep(61)
    job = service.retry(service.collect(job.id))
    service.apixo.finish_all()

    class Overtaken:
        @contextmanager
        def open(self, url: str) -> Iterator[Download]:
            service.time.sleep(5)
            service.dispatch_attempt(job.id)
            with service.image_source.open(url) as download:
                yield download

    over = replace(service.collect_result, image_source=Overtaken())(job.id)

    times = [entry.at for entry in over.timeline]
    assert over.status is JobStatus.SUCCEEDED
    assert times == sorted(times)


def test_delivered_images_are_what_is_charged(service: MemoryService) -> None:
    job = service.submit(n=3)
    service.apixo.finish(TaskId("apixo-0"), images=2)

    job = service.collect(job.id)

    assert job.status is JobStatus.PARTIAL
    assert job.estimated_usd == Decimal("0.1050")
    assert job.charged_usd == Decimal("0.0700")
    assert job.error is not None
    assert job.error.message == "the provider made 2 of 3 images"


def test_a_provider_without_a_price_leaves_the_cost_unknown(service: MemoryService) -> None:
    job = finished(service, service.submit(provider="oxen"))

    assert job.status is JobStatus.SUCCEEDED
    assert job.estimated_usd is None
    assert job.charged_usd is None


def test_collecting_twice_changes_nothing(service: MemoryService) -> None:
    job = finished(service, service.submit())

    assert service.collect(job.id) == job


def test_a_task_that_still_runs_moves_the_next_look_and_nothing_else(
    service: MemoryService,
) -> None:
    job = service.submit()

    seen = service.collect(job.id)

    assert seen == replace(job, version=seen.version, due_at=seen.due_at)
    assert service.collect(job.id) == seen


def test_a_failed_task_fails_the_job_with_the_providers_reason(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.fail(TaskId("apixo-0"), POLICY)

    job = service.collect(job.id)

    assert job.status is JobStatus.FAILED
    assert job.error == POLICY
    assert job.charged_usd == 0


def test_success_without_an_image_is_a_failure(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.finish(TaskId("apixo-0"), images=0)

    job = service.collect(job.id)

    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.EMPTY_RESULT


def test_one_refused_image_of_four_leaves_the_other_three(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=4)
    service.oxen.fail(TaskId("oxen-2"), POLICY)
    service.oxen.finish_all()

    job = service.collect(job.id)

    assert job.status is JobStatus.PARTIAL
    assert [image.index for image in job.images] == [0, 1, 3]
    assert job.error == POLICY


def test_what_is_finished_is_stored_while_the_rest_still_runs(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=2)
    service.oxen.finish(TaskId("oxen-1"))

    job = service.collect(job.id)

    assert job.status is JobStatus.STORING
    assert [image.index for image in job.images] == [1]

    assert finished(service, job).status is JobStatus.SUCCEEDED


def test_an_image_that_cannot_be_fetched_is_fetched_again(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.finish_all()
    served = dict(service.apixo.files)
    service.apixo.files.clear()

    job = service.collect(job.id)
    assert job.status is JobStatus.STORING

    service.apixo.files |= served
    assert service.collect(job.id).status is JobStatus.SUCCEEDED


def test_an_image_that_stays_away_ends_its_job_after_five_minutes(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.finish_all()
    service.apixo.files.clear()

    service.collect(job.id)
    service.time.sleep(299)
    assert service.collect(job.id).status is JobStatus.STORING
    service.time.sleep(1)
    job = service.collect(job.id)

    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.RESULT_GONE


def test_a_web_page_instead_of_an_image_is_never_stored(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.finish_all()
    service.apixo.files |= dict.fromkeys(service.apixo.files, b"<html>not found</html>")

    for _ in range(4):
        job = service.collect(job.id)

    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.NOT_AN_IMAGE
    assert service.bucket.objects == {}


def test_an_attempt_that_never_finishes_fails_after_thirty_minutes(service: MemoryService) -> None:
    job = service.submit()

    service.time.sleep(30 * 60)
    job = service.collect(job.id)

    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert job.charged_usd is None


def test_what_others_wrote_down_while_images_were_fetched_is_not_undone(
    service: MemoryService,
) -> None:
    def lose_the_second(order: Order) -> None:
        service.oxen.loses_answers = order.submission.number == 2

    service.oxen.on_submit = lose_the_second
    job = service.submit(provider="oxen", n=6)
    service.deliver_messages()
    for task_id in service.jobs.get(job.id).task_ids:
        service.oxen.finish(task_id)
    service.time.sleep(29)  # it is too early to look for the second answer
    source = service.image_source

    class Slow:
        @contextmanager
        def open(self, url: str) -> Iterator[Download]:
            service.time.sleep(1)
            another(job.id)  # and now it is not
            with source.open(url) as download:
                yield download

    another = service.collect_result
    slow = replace(another, image_source=Slow())

    slow(job.id)

    seen = service.jobs.get(job.id)
    assert seen.submissions[1].task_ids == ("oxen-4", "oxen-5")
    service.oxen.finish_all()
    assert service.collect(job.id).status is JobStatus.SUCCEEDED


def test_each_terminal_state_is_announced_once_with_an_id_of_its_own(
    service: MemoryService,
) -> None:
    job = finished(service, service.submit())
    service.collect(job.id)

    announced = [event.type for event in service.store.announced.values()]
    assert announced == ["job.accepted", "job.submitted", "job.succeeded"]
    assert len({event.id for event in service.store.announced.values()}) == 3
