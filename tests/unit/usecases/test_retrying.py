"""A retry: a new attempt under the same id, the earlier ones kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidTransition
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.living import (
    DOWN,
    POLICY,
    REFUSED,
    announced,
    call_back,
    interrupt,
    live,
    now_of,
)


def failed(service: MemoryService, **wish: Any) -> Job:
    job = service.submit(**wish)
    service.apixo.fail(list(service.apixo.tasks)[-1], POLICY)
    job = service.collect(job.id)
    assert job.status is JobStatus.FAILED
    return job


def retried(service: MemoryService, job: Job) -> Job:
    """Retry, and let the functions work."""
    service.retry(job)
    service.deliver_messages()
    return now_of(service, job)


def test_a_failed_job_is_sent_again_under_the_same_id(service: MemoryService) -> None:
    job = failed(service)

    again = service.retry(job)

    assert (again.id, again.status, again.error) == (job.id, JobStatus.QUEUED, None)
    assert (again.completed_at, again.attempts) == (None, job.attempts)
    service.deliver_messages()
    again = now_of(service, job)
    assert again.status is JobStatus.PROCESSING
    assert [attempt.number for attempt in again.attempts] == [1, 2]
    assert [s.task_ids for s in again.submissions] == [("apixo-0",), ("apixo-1",)]


def test_the_second_attempt_can_succeed_and_both_are_charged(service: MemoryService) -> None:
    job = service.submit(n=2)
    live(service, minutes=30, step=600)
    assert now_of(service, job).status is JobStatus.FAILED
    retried(service, job)

    service.apixo.finish_all()
    live(service, minutes=5)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert job.charged_usd == Decimal("0.1400")


def test_the_timeline_keeps_the_failure_and_says_that_it_was_a_retry(
    service: MemoryService,
) -> None:
    job = retried(service, failed(service))

    entries = [(entry.status, entry.note) for entry in job.timeline]
    assert (JobStatus.FAILED, None) in entries
    assert (JobStatus.QUEUED, "retry") in entries


def test_each_retry_that_ends_is_announced_anew(service: MemoryService) -> None:
    job = failed(service)
    retried(service, job)
    service.apixo.finish_all()
    service.collect(job.id)

    assert announced(service) == [
        "job.accepted",
        "job.submitted",
        "job.failed",
        "job.submitted",
        "job.succeeded",
    ]
    assert len(service.store.announced) == 5


def test_the_earlier_attempt_stays_on_record_as_it_ended(service: MemoryService) -> None:
    job = failed(service)

    again = retried(service, job)

    assert again.attempts[0] == job.attempts[0]
    assert again.submissions[0] == job.submissions[0]


def test_a_refused_job_can_be_retried_and_refused_again(service: MemoryService) -> None:
    service.apixo.errors = [REFUSED, REFUSED]
    job = service.submit()

    again = retried(service, job)

    assert (again.status, again.error, len(again.attempts)) == (JobStatus.FAILED, POLICY, 2)
    assert again.charged_usd == 0


def test_an_expired_job_is_sent_again_at_once_whatever_its_first_attempt_still_does(
    service: MemoryService,
) -> None:
    job = service.submit(finish_within=timedelta(minutes=1))
    live(service, minutes=5)
    assert now_of(service, job).status is JobStatus.EXPIRED

    again = retried(service, job)

    assert again.status is JobStatus.PROCESSING
    assert len(again.attempts) == len(service.apixo.tasks) == 2


def test_what_was_not_sent_before_a_job_expired_is_asked_for_in_the_new_attempt(
    service: MemoryService,
) -> None:
    def only_the_first(order: Order) -> None:
        if order.submission.number == 2:
            service.oxen.errors = [DOWN]

    service.oxen.on_submit = only_the_first
    job = service.submit(provider="oxen", n=6, finish_within=timedelta(minutes=1))
    service.deliver_messages()
    service.time.sleep(60)
    assert service.collect(job.id).status is JobStatus.EXPIRED

    service.oxen.on_submit = lambda _: None
    again = retried(service, job)

    assert [s.images_asked for s in again.current] == [4, 2]
    assert len(again.attempts) == 2


def test_only_the_images_that_are_missing_are_asked_for_again(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=3, finish_within=timedelta(minutes=1))
    service.oxen.finish(TaskId("oxen-1"))
    service.collect(job.id)
    service.time.sleep(60)
    assert service.collect(job.id).status is JobStatus.EXPIRED

    again = retried(service, job)
    service.oxen.finish(TaskId("oxen-3"))
    service.oxen.finish(TaskId("oxen-4"))
    live(service, minutes=1)

    assert [s.images_asked for s in again.current] == [2]
    done = now_of(service, job)
    assert done.status is JobStatus.SUCCEEDED
    assert len({image.index for image in done.images}) == 3
    assert len({image.key for image in done.images}) == 3


def test_the_deadlines_run_anew(service: MemoryService) -> None:
    start, finish = timedelta(seconds=20), timedelta(minutes=10)
    job = failed(service, start_within=start, finish_within=finish)
    service.time.sleep(3600)
    now = service.clock.now()

    again = service.retry(job)

    assert (again.start_by, again.finish_by) == (now + start, now + finish)
    assert again.due_at is not None
    assert again.due_at <= now + start


@pytest.mark.parametrize("end", ["succeeded", "partial", "cancelled", "queued", "processing"])
def test_a_job_that_neither_failed_nor_expired_cannot_be_retried(
    service: MemoryService, end: str
) -> None:
    job = service.admit(n=2) if end == "queued" else service.submit(n=2)
    if end in {"succeeded", "partial"}:
        service.apixo.finish(TaskId("apixo-0"), images=2 if end == "succeeded" else 1)
        job = service.collect(job.id)
    if end == "cancelled":
        job = service.cancel_job(job)
    service.to_collect.messages.clear()
    assert job.status == end

    with pytest.raises(InvalidTransition, match=f"a job that is {end} cannot be retried"):
        service.retry(job)

    assert now_of(service, job) == job
    assert not service.to_dispatch.messages


def test_of_two_retries_at_once_one_reopens_the_job(service: MemoryService) -> None:
    job = failed(service)
    service.retry(job)

    with pytest.raises(InvalidTransition):
        service.retry(job)
    service.deliver_messages()

    assert len(service.apixo.tasks) == 2


def test_a_retry_whose_message_is_lost_is_found_by_the_watch(service: MemoryService) -> None:
    job = failed(service)
    service.retry(job)
    service.to_dispatch.messages.clear()

    live(service, minutes=2)

    assert now_of(service, job).status is JobStatus.PROCESSING


# --- the earlier attempt turns up


def slow_then_retried(service: MemoryService, **wish: Any) -> Job:
    """The first attempt ran out of patience, the second is under way."""
    job = service.submit(**wish)
    live(service, minutes=30, step=600)
    assert now_of(service, job).status is JobStatus.FAILED
    again = retried(service, job)
    assert again.status is JobStatus.PROCESSING
    return again


def test_a_late_result_of_the_earlier_attempt_is_used_while_the_job_is_open(
    service: MemoryService,
) -> None:
    job = slow_then_retried(service)
    service.apixo.finish(TaskId("apixo-0"))

    job = service.collect(job.id)

    assert (job.status, job.late) == (JobStatus.SUCCEEDED, False)
    assert [image.attempt for image in job.images] == [1]


def test_and_the_newer_attempt_is_told_to_stop(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    live(service, minutes=30, step=600)
    retried(service, job)
    service.oxen.finish(TaskId("oxen-0"))

    live(service, minutes=5)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert service.oxen.tasks[TaskId("oxen-1")].fault is not None
    assert len(job.images) == 1


def test_what_the_newer_attempt_brings_all_the_same_lies_beside_it_as_late(
    service: MemoryService,
) -> None:
    job = slow_then_retried(service)
    service.apixo.finish(TaskId("apixo-0"))
    service.apixo.finish(TaskId("apixo-1"))

    service.collect(job.id)
    live(service, hours=1)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert [(image.attempt, image.position, image.index) for image in job.images] == [
        (1, 0, 0),
        (2, 0, 1),
    ]
    assert len(set(service.bucket.objects)) == 2
    assert job.charged_usd == Decimal("0.0700")


def test_a_result_that_comes_between_retry_and_sending_makes_sending_needless(
    service: MemoryService,
) -> None:
    job = service.submit()
    live(service, minutes=30, step=600)
    service.retry(job)
    service.apixo.finish_all()

    service.collect(job.id)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, len(job.images)) == (JobStatus.SUCCEEDED, 1)
    assert len(service.apixo.tasks) == 1


def test_half_of_it_between_retry_and_sending_leaves_the_other_half_to_be_sent(
    service: MemoryService,
) -> None:
    job = service.submit(provider="oxen", n=2)
    live(service, minutes=30, step=600)
    service.retry(job)
    service.oxen.finish(TaskId("oxen-0"))

    service.collect(job.id)
    service.deliver_messages()

    job = now_of(service, job)
    assert [s.images_asked for s in job.current] == [1]
    assert job.status in {JobStatus.PROCESSING, JobStatus.STORING}


def test_a_failed_job_whose_late_images_are_all_there_succeeds_without_being_sent(
    service: MemoryService,
) -> None:
    job = service.submit()
    live(service, minutes=30, step=600)
    service.apixo.finish_all()
    live(service, hours=2, step=600)
    late = now_of(service, job)
    assert (late.status, late.late, len(late.images)) == (JobStatus.FAILED, True, 1)

    again = retried(service, late)

    assert (again.status, again.error, again.images) == (JobStatus.SUCCEEDED, None, late.images)
    assert len(service.apixo.tasks) == len(again.attempts) == 1


def test_an_answer_to_the_first_attempt_that_comes_after_the_retry_is_not_lost(
    service: MemoryService,
) -> None:
    def expire_and_retry(order: Order) -> None:
        if order.submission.attempt == 1:
            service.time.sleep(60)
            service.collect(order.job_id)
            service.retry(service.jobs.get(order.job_id))

    interrupt(service, service.apixo, expire_and_retry)

    job = service.submit(finish_within=timedelta(minutes=1))
    assert job.submissions[0].task_ids == ("apixo-0",)
    service.deliver_messages()
    service.apixo.finish(TaskId("apixo-0"))
    job = service.collect(job.id)

    assert [image.attempt for image in job.images] == [1]
    assert job.status is JobStatus.SUCCEEDED


def test_a_refusal_of_the_first_attempt_that_comes_after_the_retry_is_no_end(
    service: MemoryService,
) -> None:
    def expire_retry_and_refuse(order: Order) -> None:
        if order.submission.attempt == 1:
            service.time.sleep(60)
            service.collect(order.job_id)
            service.retry(service.jobs.get(order.job_id))
            raise REFUSED

    service.apixo.on_submit = expire_retry_and_refuse

    job = service.submit(finish_within=timedelta(minutes=1))
    assert (job.status, job.submissions[0].faults) == (JobStatus.QUEUED, (POLICY,))
    service.deliver_messages()

    assert now_of(service, job).status is JobStatus.PROCESSING
    assert len(service.apixo.tasks) == 1


def test_a_callback_of_the_earlier_attempt_counts_for_that_one(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    live(service, minutes=15, step=300)
    service.apixo.loses_answers = False
    retried(service, job)
    service.apixo.finish(TaskId("apixo-0"))

    call_back(service, number=0)
    service.deliver_messages()

    job = now_of(service, job)
    assert [s.task_ids for s in job.submissions] == [("apixo-0",), ("apixo-1",)]
    assert [image.attempt for image in job.images] == [1]
    assert job.status is JobStatus.SUCCEEDED
