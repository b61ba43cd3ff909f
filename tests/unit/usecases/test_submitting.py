"""Sending a job to its provider: written down first, sent once."""

import base64
from datetime import timedelta

import pytest

from shared.domain.errors import ErrorCode, Fault, InvalidRequest, NotSent, Refused
from shared.domain.ids import TaskId
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.messages import TaskHint
from shared.ports.providers import Order, ProviderAccess
from tests.memory_service import MemoryService
from tests.pictures import a_png

DOWN = NotSent(Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="connection refused"))
BUSY = NotSent(Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message="too many requests"))


def test_an_accepted_job_is_processing_and_knows_its_task(service: MemoryService) -> None:
    job = service.submit(n=2)

    assert job.status is JobStatus.PROCESSING
    assert job.submissions[0].task_ids == (TaskId("apixo-0"),)
    assert [event.type for event in service.store.announced.values()] == [
        "job.accepted",
        "job.submitted",
    ]


def test_the_attempt_is_written_before_the_provider_is_called(service: MemoryService) -> None:
    seen: list[tuple[JobStatus, SubmissionState]] = []

    def look(_: Order) -> None:
        (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
        seen.append((job.status, job.submissions[0].state))

    service.apixo.on_submit = look
    service.submit()

    assert seen == [(JobStatus.SUBMITTING, SubmissionState.SENDING)]


def test_a_job_is_sent_once_however_often_its_message_comes(service: MemoryService) -> None:
    job = service.submit()

    service.dispatch_attempt(job.id)
    service.dispatch_attempt(job.id)

    assert len(service.apixo.tasks) == 1


def test_two_workers_with_the_same_job_send_it_once(service: MemoryService) -> None:
    job = service.admit()

    service.dispatch_attempt(job.id, known=job)
    service.dispatch_attempt(job.id, known=job)

    assert len(service.apixo.tasks) == 1


def test_ten_images_at_oxen_are_three_submissions_of_one_attempt(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=10)
    service.deliver_messages()
    job = service.jobs.get(job.id)

    assert [s.images_asked for s in job.submissions] == [4, 4, 2]
    assert [s.first_position for s in job.submissions] == [0, 4, 8]
    assert len(job.attempts) == 1
    assert len(service.oxen.tasks) == 10


def test_a_provider_that_is_down_leaves_the_job_queued(service: MemoryService) -> None:
    service.apixo.errors = [DOWN]

    job = service.submit()

    assert job.status is JobStatus.QUEUED
    assert job.submissions[0].state is SubmissionState.PLANNED
    assert service.wake.calls == 1


def test_a_job_left_queued_goes_out_later_under_the_same_attempt(service: MemoryService) -> None:
    service.apixo.errors = [DOWN]
    job = service.submit()

    service.time.sleep(5)
    service.watch_jobs(owner="test", until=service.clock.now() + timedelta(seconds=1))
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.PROCESSING
    assert len(service.jobs.get(job.id).attempts) == 1


def test_a_provider_that_says_when_to_come_back_is_not_asked_before(
    service: MemoryService,
) -> None:
    fault = Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message="slow down")
    service.apixo.errors = [NotSent(fault, retry_after_seconds=120)]

    job = service.submit()

    assert job.due_at is not None
    assert job.due_at >= service.clock.now() + timedelta(seconds=120)


def test_a_refused_job_has_failed_with_the_reason_and_cost_nothing(service: MemoryService) -> None:
    fault = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")
    service.apixo.errors = [Refused(fault)]

    job = service.submit()

    assert job.status is JobStatus.FAILED
    assert job.error == fault
    assert job.charged_usd == 0


def test_a_lost_answer_is_waited_for_and_never_sent_again(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()

    service.time.sleep(14 * 60)
    service.watch_jobs(owner="test", until=service.clock.now() + timedelta(seconds=30))
    service.deliver_messages()

    assert len(service.apixo.tasks) == 1
    assert service.jobs.get(job.id).submissions[0].state is SubmissionState.UNKNOWN


def test_a_lost_answer_ends_as_ambiguous_after_fifteen_minutes(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()

    service.time.sleep(15 * 60)
    service.watch_jobs(owner="test", until=service.clock.now() + timedelta(seconds=1))
    service.deliver_messages()

    job = service.jobs.get(job.id)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.AMBIGUOUS_SUBMIT
    assert job.charged_usd is None
    assert len(service.apixo.tasks) == 1


def test_a_crash_after_the_claim_ends_as_ambiguous_and_is_not_sent(service: MemoryService) -> None:
    admitted = service.admit()

    def die(_: Order) -> None:
        raise KeyboardInterrupt

    service.apixo.on_submit = die
    with pytest.raises(KeyboardInterrupt):
        service.dispatch_attempt(admitted.id)

    service.dispatch_attempt(admitted.id)
    service.time.sleep(15 * 60)
    service.collect(admitted.id)

    assert service.apixo.tasks == {}
    assert service.jobs.get(admitted.id).status is JobStatus.FAILED


def test_a_job_that_was_admitted_and_never_sent_off_is_found(service: MemoryService) -> None:
    job = service.admit()  # and here the function dies

    service.time.sleep(60)
    service.watch_jobs(owner="test", until=service.clock.now() + timedelta(seconds=1))
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.PROCESSING


def test_a_callback_that_overtakes_the_answer_gives_the_task_id(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()
    service.apixo.finish_all()

    hint = TaskHint(attempt=1, task_id=TaskId("apixo-0"))
    service.collect_result(job.id, hint=hint)

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_a_task_id_that_the_provider_does_not_know_is_not_taken(service: MemoryService) -> None:
    service.apixo.loses_answers = True
    job = service.submit()

    with pytest.raises(Exception, match="does not say"):
        service.collect_result(job.id, hint=TaskHint(attempt=1, task_id=TaskId("forged")))

    assert service.jobs.get(job.id).submissions[0].task_ids == ()


def test_every_callback_capable_submission_carries_the_callback(service: MemoryService) -> None:
    service.submit(delivery="poll")

    (task,) = service.apixo.tasks.values()
    assert task.order.callback_url is not None
    assert task.order.callback_url.startswith("https://seedhook.example/v1/callbacks/apixo/job_")


def test_what_a_provider_cannot_do_is_refused_before_anything_is_stored(
    service: MemoryService,
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        service.submit(provider="oxen", size="4096x4000", sequential="auto")

    assert {error.pointer for error in refused.value.errors} == {"/size", "/sequential"}
    assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()


def test_a_reference_goes_out_as_a_link_where_the_provider_can_read_links(
    service: MemoryService,
) -> None:
    upload_id = service.uploads.put(a_png(), content_type="image/png", tenant="default")

    service.submit(images=(f"upload:{upload_id}", "https://example.com/a.png"))
    service.deliver_messages()

    (task,) = service.apixo.tasks.values()
    assert task.order.references == (
        f"https://uploads.example/references/default/{upload_id}",
        "https://example.com/a.png",
    )


def test_and_inline_where_it_cannot(service: MemoryService) -> None:
    upload_id = service.uploads.put(a_png(), content_type="image/png", tenant="default")
    hidden = ProviderAccess(sandbox=True, callback_base=None, fetches_links=False)
    service.accesses = {"apixo": hidden}

    service.submit(images=(f"upload:{upload_id}",))

    (task,) = service.apixo.tasks.values()
    assert task.order.references == (f"data:image/png;base64,{base64.b64encode(a_png()).decode()}",)
    assert task.order.callback_url is None


def test_what_is_needed_to_send_is_there_before_the_claim(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: object) -> None:
        raise TimeoutError

    upload_id = service.uploads.put(a_png(), content_type="image/png", tenant="default")
    job = service.admit(images=(f"upload:{upload_id}",))
    monkeypatch.setattr(service.references, "find", break_down)

    with pytest.raises(TimeoutError):
        service.dispatch_attempt(job.id)

    assert service.jobs.get(job.id) == job


def test_a_task_that_another_job_has_leaves_ours_of_unknown_fate(service: MemoryService) -> None:
    other = service.submit()
    service.apixo.tasks.clear()  # and the provider begins to count anew

    job = service.submit()

    assert job.task_ids == ()
    assert job.submissions[0].state is SubmissionState.UNKNOWN
    assert job.submissions[0].faults[0].message == (
        "the provider answered with a task that belongs to another job"
    )
    assert service.jobs.get(other.id).task_ids == ("apixo-0",)


def test_a_task_named_twice_by_one_job_is_one_submissions_own(service: MemoryService) -> None:
    service.oxen.on_submit = lambda _: service.oxen.tasks.clear()

    job = service.submit(provider="oxen", n=6)
    service.deliver_messages()

    job = service.jobs.get(job.id)
    assert len(job.task_ids) == len(set(job.task_ids))
    assert service.oxen.tasks


def test_each_submission_is_fingerprinted_as_it_is_sent(service: MemoryService) -> None:
    job = service.submit(provider="oxen", prompt="a fox")
    other = service.submit(provider="oxen", prompt="another fox")

    (task, another) = service.oxen.tasks.values()
    assert job.submissions[0].fingerprint == service.oxen.compose(task.order).fingerprint != ""
    assert other.submissions[0].fingerprint == service.oxen.compose(another.order).fingerprint
    assert job.submissions[0].fingerprint != other.submissions[0].fingerprint


def test_a_job_that_is_a_single_call_goes_out_at_once_and_others_by_the_queue(
    service: MemoryService,
) -> None:
    service.submit(provider="oxen", n=4)
    assert len(service.oxen.tasks) == 4

    job = service.submit(provider="oxen", n=5)

    assert len(service.oxen.tasks) == 4
    assert [job_id for job_id, _ in service.to_dispatch.messages] == [job.id]


def test_the_pauses_between_tries_grow_and_are_never_the_same_twice(
    service: MemoryService,
) -> None:
    service.apixo.errors = [BUSY] * 12
    job = service.submit()
    pauses = []
    for _ in range(11):
        assert job.due_at is not None
        pauses.append((job.due_at - service.clock.now()).total_seconds())
        service.time.sleep(pauses[-1])
        job = service.dispatch_attempt(job.id)

    assert pauses[0] < 2.1
    assert all(0.5 * 2 * 2**n <= pause <= 300 for n, pause in enumerate(pauses[:7]))
    assert max(pauses) <= 300
    assert len(set(pauses)) == 11
