"""Calling a job off: in every state, as often as one likes, and nothing that is paid is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.memory.buckets import MemoryImageSource
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.reports import TaskState
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.media import Download
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.living import (
    DOWN,
    LOST,
    POLICY,
    REFUSED,
    announced,
    call_back,
    interrupt,
    live,
    now_of,
)


def cancelled(service: MemoryService, job: Job) -> Job:
    """Call off, and let everybody work until all is quiet."""
    service.cancel_job(job)
    live(service, hours=26, step=600)
    return now_of(service, job)


# --- in every state


def test_a_job_that_was_not_sent_never_is_and_cost_nothing(service: MemoryService) -> None:
    job = cancelled(service, service.admit())
    service.dispatch_attempt(job.id)

    assert (job.status, job.error, job.due_at) == (JobStatus.CANCELLED, None, None)
    assert (job.completed_at, job.charged_usd) == (job.created_at, Decimal(0))
    assert service.apixo.tasks == {}
    assert now_of(service, job) == job


def test_a_job_that_waits_for_its_provider_is_not_sent_when_that_is_back(
    service: MemoryService,
) -> None:
    service.apixo.errors = [DOWN]

    job = cancelled(service, service.submit())

    assert (job.status, job.charged_usd) == (JobStatus.CANCELLED, Decimal(0))
    assert service.apixo.tasks == {}


def test_of_a_job_under_way_the_provider_is_told_to_stop(service: MemoryService) -> None:
    job = cancelled(service, service.submit(provider="oxen", n=2))

    assert job.status is JobStatus.CANCELLED
    assert {task.state for task in service.oxen.tasks.values()} == {TaskState.FAILED}
    assert (job.images, job.late, job.due_at) == ((), False, None)


def test_what_was_made_before_the_provider_heard_is_kept_as_late_and_charged(
    service: MemoryService,
) -> None:
    job = service.submit(n=2)
    service.apixo.finish_all()

    job = cancelled(service, job)

    assert (job.status, job.late) == (JobStatus.CANCELLED, True)
    assert job.charged_usd == Decimal("0.0700")
    assert set(service.bucket.objects) == {image.key for image in job.images}
    assert len(job.images) == 2
    assert announced(service)[-2:] == ["job.cancelled", "job.late_result"]


def test_what_is_stored_already_stays_and_the_rest_is_stopped(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=2)
    service.oxen.finish(TaskId("oxen-0"))
    assert service.collect(job.id).status is JobStatus.STORING

    job = cancelled(service, job)

    assert (job.status, job.late) == (JobStatus.CANCELLED, False)
    assert [image.index for image in job.images] == [0]
    assert service.oxen.tasks[TaskId("oxen-1")].state is TaskState.FAILED


def test_a_job_whose_answer_was_lost_is_followed_for_25_hours(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    service.cancel_job(job)

    live(service, hours=24, step=600)
    service.apixo.finish_all()
    call_back(service)
    live(service, seconds=1)

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.CANCELLED, True, 1)
    assert job.charged_usd == Decimal("0.0350")


def ended(service: MemoryService, status: JobStatus) -> Job:
    job = service.submit(n=2, finish_within=timedelta(minutes=10))
    match status:
        case JobStatus.SUCCEEDED:
            service.apixo.finish_all()
        case JobStatus.PARTIAL:
            service.apixo.finish(TaskId("apixo-0"), images=1)
        case JobStatus.FAILED:
            service.apixo.fail(TaskId("apixo-0"), POLICY)
        case JobStatus.CANCELLED:
            service.cancel_job(job)
        case JobStatus.EXPIRED:
            service.time.sleep(600)
        case _:
            raise AssertionError(status)
    service.deliver_messages()
    return service.collect(job.id)


@pytest.mark.parametrize(
    "status",
    [
        JobStatus.SUCCEEDED,
        JobStatus.PARTIAL,
        JobStatus.FAILED,
        JobStatus.CANCELLED,
        JobStatus.EXPIRED,
    ],
)
def test_a_job_that_is_over_stays_as_it_is(service: MemoryService, status: JobStatus) -> None:
    job = ended(service, status)
    told = announced(service)

    assert job.status is status
    assert service.cancel_job(job) == job
    assert announced(service) == told


def test_cancelling_again_and_again_is_the_same_as_once(service: MemoryService) -> None:
    job = service.submit()
    first = service.cancel_job(job)

    for _ in range(3):
        assert service.cancel_job(job) == first

    assert announced(service).count("job.cancelled") == 1


# --- races


def test_whoever_is_about_to_send_a_cancelled_job_does_not(service: MemoryService) -> None:
    job = service.admit()
    service.cancel_job(job)

    service.dispatch_attempt(job.id, known=job)  # read before the cancel

    assert service.apixo.tasks == {}
    assert now_of(service, job).status is JobStatus.CANCELLED


def test_a_job_cancelled_while_it_is_sent_knows_its_task_and_stops_it(
    service: MemoryService,
) -> None:
    def cancel(order: Order) -> None:
        service.cancel_job(service.jobs.get(order.job_id))
        service.deliver_messages()  # and here nobody knows yet what to stop

    interrupt(service, service.oxen, cancel)

    job = service.submit(provider="oxen")

    assert (job.status, job.task_ids) == (JobStatus.CANCELLED, ("oxen-0",))
    live(service, seconds=60)
    assert service.oxen.tasks[TaskId("oxen-0")].state is TaskState.FAILED


def test_what_a_job_cancelled_while_it_is_sent_brings_all_the_same_is_kept(
    service: MemoryService,
) -> None:
    def cancel_and_finish(_: Order) -> None:
        service.apixo.finish_all()
        (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
        service.cancel_job(job)

    interrupt(service, service.apixo, cancel_and_finish)

    job = service.submit()
    live(service, hours=1)

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.CANCELLED, True, 1)
    assert job.charged_usd == Decimal("0.0350")


@pytest.mark.parametrize(
    ("error", "state", "charged"),
    [
        (DOWN, SubmissionState.PLANNED, Decimal(0)),
        (REFUSED, SubmissionState.REFUSED, Decimal(0)),
        (LOST, SubmissionState.UNKNOWN, None),
    ],
    ids=["not sent", "refused", "lost"],
)
def test_an_answer_that_comes_after_the_cancel_is_written_down_and_reopens_nothing(
    service: MemoryService,
    error: Exception,
    state: SubmissionState,
    charged: Decimal | None,
) -> None:
    def cancel_and_raise(_: object) -> None:
        (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
        service.cancel_job(job)
        raise error

    service.apixo.on_submit = cancel_and_raise

    job = service.submit()
    live(service, minutes=40)

    job = now_of(service, job)
    assert (job.status, job.submissions[0].state) == (JobStatus.CANCELLED, state)
    assert job.charged_usd == charged
    assert service.apixo.tasks == {}


def test_of_a_cancel_and_a_result_at_the_same_moment_one_decides_and_the_image_is_kept(
    service: MemoryService,
) -> None:
    job = service.submit()
    service.apixo.finish_all()
    source = MemoryImageSource(service.apixo.files)

    class CancelsMeanwhile:
        @contextmanager
        def open(self, url: str) -> Iterator[Download]:
            service.cancel_job(job)
            with source.open(url) as download:
                yield download

    service.image_source = CancelsMeanwhile()

    seen = service.collect(job.id)

    assert (seen.status, seen.late, len(seen.images)) == (JobStatus.CANCELLED, True, 1)
    assert announced(service)[2:] == ["job.cancelled", "job.late_result"]


def test_a_cancel_that_comes_too_late_answers_with_what_the_job_became(
    service: MemoryService,
) -> None:
    job = service.submit()
    service.apixo.finish_all()
    done = service.collect(job.id)

    assert service.cancel_job(job) == done
