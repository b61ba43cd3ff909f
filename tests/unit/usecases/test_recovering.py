"""Answers of Oxen that were lost: found again in its lists, or left alone."""

from typing import Any

import pytest

from shared.domain.errors import ErrorCode
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.living import LOST, interrupt, live, now_of


def lost(service: MemoryService, **wish: Any) -> Job:
    """Oxen accepts, and nobody hears of it."""
    service.oxen.loses_answers = True
    job = service.submit(provider="oxen", **wish)
    service.deliver_messages()
    service.oxen.loses_answers = False
    return now_of(service, job)


def states(service: MemoryService, job: Job) -> list[SubmissionState]:
    return [s.state for s in now_of(service, job).submissions]


def test_a_lost_answer_is_found_and_nothing_is_paid_twice(service: MemoryService) -> None:
    job = lost(service, n=2)

    live(service, seconds=60)
    assert now_of(service, job).task_ids == ("oxen-0", "oxen-1")
    service.oxen.finish_all()
    live(service, seconds=60)

    job = now_of(service, job)
    assert (job.status, len(job.attempts)) == (JobStatus.SUCCEEDED, 1)
    assert len(service.oxen.tasks) == 2


def test_a_worker_that_died_after_sending_is_made_up_for(service: MemoryService) -> None:
    def die(_: Order) -> None:
        raise KeyboardInterrupt

    interrupt(service, service.oxen, die)
    with pytest.raises(KeyboardInterrupt):
        service.submit(provider="oxen")
    (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
    assert states(service, job) == [SubmissionState.SENDING]

    live(service, seconds=60)

    assert now_of(service, job).task_ids == ("oxen-0",)


def test_a_worker_that_died_before_sending_leaves_nothing_to_be_found(
    service: MemoryService,
) -> None:
    service.oxen.errors = [LOST]
    job = service.submit(provider="oxen")

    live(service, minutes=16)

    job = now_of(service, job)
    assert job.error is not None
    assert (job.status, job.error.code) == (JobStatus.FAILED, ErrorCode.AMBIGUOUS_SUBMIT)
    assert service.oxen.tasks == {}


def test_nothing_is_adopted_while_the_answer_may_still_come(service: MemoryService) -> None:
    job = lost(service)

    service.time.sleep(29)
    service.collect(job.id)
    assert states(service, job) == [SubmissionState.UNKNOWN]
    service.time.sleep(1)
    service.collect(job.id)

    assert states(service, job) == [SubmissionState.ACCEPTED]


def test_of_two_identical_requests_neither_gets_the_others_task(service: MemoryService) -> None:
    jobs = [lost(service), lost(service)]

    live(service, minutes=14)
    assert [states(service, job) for job in jobs] == [[SubmissionState.UNKNOWN]] * 2
    live(service, minutes=2)

    for job in jobs:
        ended = now_of(service, job)
        assert ended.task_ids == ()
        assert ended.error is not None
        assert ended.error.code is ErrorCode.AMBIGUOUS_SUBMIT


def test_tasks_that_have_an_owner_are_left_out(service: MemoryService) -> None:
    other = service.submit(provider="oxen")
    job = lost(service)

    live(service, seconds=60)

    assert now_of(service, other).task_ids == ("oxen-0",)
    assert now_of(service, job).task_ids == ("oxen-1",)


def test_a_job_that_reached_nobody_does_not_get_the_task_of_one_that_did(
    service: MemoryService,
) -> None:
    service.oxen.errors = [LOST]
    job = service.submit(provider="oxen")
    other = service.submit(provider="oxen")

    live(service, minutes=16)

    assert now_of(service, other).task_ids == ("oxen-0",)
    assert now_of(service, job).task_ids == ()


def test_another_request_is_no_echo(service: MemoryService) -> None:
    service.oxen.errors = [LOST]
    job = service.submit(provider="oxen", prompt="a fox")
    lost(service, prompt="a fox at night")
    lost(service, prompt="a fox", seed=7)

    live(service, seconds=60)

    assert now_of(service, job).task_ids == ()


@pytest.mark.parametrize("seen", [1, 3])
def test_fewer_or_more_echoes_than_images_are_not_adopted(
    service: MemoryService, seen: int
) -> None:
    job = lost(service, n=2)
    task = service.oxen.tasks[TaskId("oxen-0")]
    service.oxen.tasks = {TaskId(f"oxen-{number}"): task for number in range(seen)}

    live(service, seconds=60)

    assert now_of(service, job).task_ids == ()


def test_of_ten_images_the_four_of_one_lost_answer_are_found(service: MemoryService) -> None:
    def lose_the_first(order: Order) -> None:
        service.oxen.loses_answers = order.submission.number == 1

    service.oxen.on_submit = lose_the_first
    job = service.submit(provider="oxen", n=10)
    service.deliver_messages()
    service.oxen.finish_all()

    live(service, seconds=90)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert [len(s.task_ids) for s in job.submissions] == [4, 4, 2]
    assert [image.index for image in job.images] == list(range(10))


def test_an_answer_that_comes_while_it_is_looked_for_is_the_one_that_counts(
    service: MemoryService,
) -> None:
    def look(order: Order) -> None:
        service.time.sleep(30)
        service.collect(order.job_id)

    interrupt(service, service.oxen, look)

    job = service.submit(provider="oxen", n=2)

    assert job.task_ids == ("oxen-0", "oxen-1")
    assert states(service, job) == [SubmissionState.ACCEPTED]


def test_a_list_that_cannot_be_read_keeps_no_job_open(service: MemoryService) -> None:
    job = lost(service)
    service.oxen.is_silent = True

    live(service, minutes=16)

    job = now_of(service, job)
    assert job.error is not None
    assert (job.status, job.error.code) == (JobStatus.FAILED, ErrorCode.AMBIGUOUS_SUBMIT)


def test_a_list_that_can_be_read_again_is(service: MemoryService) -> None:
    job = lost(service)
    service.oxen.is_silent = True
    live(service, minutes=2)

    service.oxen.is_silent = False
    live(service, minutes=2)

    assert states(service, job) == [SubmissionState.ACCEPTED]


def test_what_is_found_after_the_end_is_kept_as_late(service: MemoryService) -> None:
    job = lost(service)
    service.oxen.is_silent = True
    live(service, minutes=16)
    service.oxen.is_silent = False
    service.oxen.finish_all()

    live(service, hours=1)

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.FAILED, True, 1)
