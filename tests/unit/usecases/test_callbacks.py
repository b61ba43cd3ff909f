"""Callbacks: hints, however many, in whatever order, of whatever attempt."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.adapters.memory.provider import MemoryProvider
from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.reports import TaskReport
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.usecases.accept_callback import AcceptCallback
from tests.memory_service import MemoryService
from tests.unit.usecases.living import announced, call_back, live, message_of, now_of


def test_a_hundred_callbacks_are_one_image_one_event_and_one_record(
    service: MemoryService,
) -> None:
    job = service.submit()
    service.apixo.finish_all()
    for _ in range(100):
        call_back(service)
    service.deliver_messages()
    done = now_of(service, job)

    for _ in range(100):
        call_back(service)
    service.deliver_messages()

    assert now_of(service, job) == done
    assert done.status is JobStatus.SUCCEEDED
    assert len(service.bucket.objects) == 1
    assert announced(service) == ["job.accepted", "job.submitted", "job.succeeded"]
    assert len(service.archive.kept) == 1


def test_callbacks_out_of_order_end_where_callbacks_in_order_do(service: MemoryService) -> None:
    job = service.submit()
    for _ in range(3):
        call_back(service)  # "processing", while it is
        service.deliver_messages()
    assert now_of(service, job).status is JobStatus.PROCESSING

    service.apixo.finish_all()
    for _ in range(3):  # "success", then "processing" again: the body is not believed
        call_back(service)
        service.deliver_messages()

    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_a_callback_of_an_earlier_attempt_after_a_newer_succeeded_is_late(
    service: MemoryService,
) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    live(service, minutes=15, step=300)
    service.apixo.loses_answers = False
    service.retry(job)
    service.deliver_messages()
    service.apixo.finish_all()
    call_back(service, number=1)
    service.deliver_messages()
    assert now_of(service, job).status is JobStatus.SUCCEEDED

    call_back(service, number=0)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.late) == (JobStatus.SUCCEEDED, True)
    assert sorted(image.attempt for image in job.images) == [1, 2]


def test_a_callback_about_another_jobs_task_gives_it_to_nobody(service: MemoryService) -> None:
    other = service.submit()
    service.apixo.loses_answers = True
    job = service.submit()
    service.apixo.finish_all()

    call_back(service, task_id="apixo-0", number=1)
    service.deliver_messages()

    assert now_of(service, job).submissions[0].state is SubmissionState.UNKNOWN
    assert now_of(service, job).task_ids == ()
    assert now_of(service, other).task_ids == ("apixo-0",)
    assert [image for image in service.bucket.objects if job.id in image] == []


def test_a_callback_about_a_task_nobody_knows_is_asked_about_again_later(
    service: MemoryService,
) -> None:
    service.apixo.loses_answers = True
    job = service.submit()

    call_back(service, task_id="forged")
    with pytest.raises(ProviderUnreadable):
        service.deliver_messages()

    assert now_of(service, job) == job


def test_a_callback_about_another_task_than_the_one_known_changes_nothing(
    service: MemoryService,
) -> None:
    job = service.submit()
    service.submit()
    service.apixo.finish(TaskId("apixo-1"))

    call_back(service, task_id="apixo-1", number=0)
    service.deliver_messages()

    assert now_of(service, job).task_ids == ("apixo-0",)
    assert now_of(service, job).status is JobStatus.PROCESSING


def test_an_answer_that_comes_while_its_callback_is_checked_is_kept(
    service: MemoryService,
) -> None:
    class Asked(MemoryProvider):
        """Its own answer is written down while it is asked."""

        def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
            job = service.jobs.get(task.order.job_id)
            if job.submissions[0].state is SubmissionState.UNKNOWN:
                accepted = job.submissions[0].accepted((TaskId("apixo-0"),))
                at = service.clock.now()
                answered = job.answered([accepted], at=at, check_at=at, retry_at=at)
                service.jobs.save(answered, was=job)
            return super().report(offer, task_ids)

    service.apixo.loses_answers = True
    job = service.submit()
    task = service.apixo.tasks[TaskId("apixo-0")]
    asked = Asked("apixo", draw=service.apixo.draw, tasks=service.apixo.tasks)
    service.collect_result = replace(service.collect_result, providers={"apixo": asked})
    told = len(announced(service))

    call_back(service)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.task_ids) == (JobStatus.PROCESSING, ("apixo-0",))
    assert len(announced(service)) == told + 1


def test_a_callback_after_cancel_brings_what_was_made_as_late(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    service.cancel_job(job)
    service.apixo.finish_all()

    call_back(service)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.CANCELLED, True, 1)


@pytest.mark.parametrize("n", [1, 2])
def test_replaying_all_callbacks_twice_changes_nothing(service: MemoryService, n: int) -> None:
    jobs = []
    for number in range(3):
        service.time.sleep(1)
        jobs.append(service.submit(n=n))
        service.apixo.finish(TaskId(f"apixo-{number}"))
        call_back(service, number=number)
    service.deliver_messages()
    before = [now_of(service, job) for job in jobs]
    events, objects = announced(service), dict(service.bucket.objects)

    for _ in range(2):
        assert service.replay_callbacks().count == 3
        service.deliver_messages()

    assert [now_of(service, job) for job in jobs] == before
    assert (announced(service), service.bucket.objects) == (events, objects)


def test_a_replay_finds_what_was_lost_on_the_way_to_the_queue(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    service.apixo.finish_all()
    call_back(service)
    service.to_collect.messages.clear()

    service.replay_callbacks(job_id=job.id)
    service.deliver_messages()

    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_a_replay_goes_on_where_the_last_page_ended(service: MemoryService) -> None:
    job = service.submit()
    for number in range(250):
        call_back(service, task_id=f"task-{number}")
    service.to_collect.messages.clear()

    first = service.replay_callbacks()
    second = service.replay_callbacks(cursor=first.cursor)
    third = service.replay_callbacks(cursor=second.cursor)

    assert [page.count for page in (first, second, third)] == [100, 100, 50]
    assert third.cursor is None
    hints = {hint for _, hint in service.to_collect.messages}
    assert len(hints) == 250
    assert {job_id for job_id, _ in service.to_collect.messages} == {job.id}


def test_a_replay_of_one_job_leaves_the_others_alone(service: MemoryService) -> None:
    jobs = [service.submit() for _ in range(2)]
    call_back(service, number=0)
    call_back(service, number=1)
    service.to_collect.messages.clear()

    service.replay_callbacks(job_id=jobs[1].id)

    assert [job_id for job_id, _ in service.to_collect.messages] == [jobs[1].id]


@pytest.mark.parametrize(
    ("archive_works", "queue_works"), [(True, False), (False, True), (False, False)]
)
def test_a_callback_is_taken_when_either_archive_or_queue_takes_it(
    service: MemoryService, *, archive_works: bool, queue_works: bool
) -> None:
    class Down:
        def __getattr__(self, name: str) -> object:
            raise ConnectionError(name)

    service.submit()
    target, token, body = message_of(service, task_id="apixo-0")
    accept = AcceptCallback(
        archive=service.archive if archive_works else Down(),  # type: ignore[arg-type]  # it fails
        collect_queue=service.to_collect if queue_works else Down(),  # type: ignore[arg-type]  # it fails
        callback_keys=service.callback_keys,
        clock=service.clock,
    )

    if archive_works or queue_works:
        assert accept(target, token=token, body=body)
    else:
        with pytest.raises(ConnectionError):
            accept(target, token=token, body=body)
