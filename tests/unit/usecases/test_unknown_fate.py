"""Submissions of unknown fate, where the caller accepts to pay twice: `on_unknown: retry`."""

from decimal import Decimal
from typing import Any

from shared.domain.errors import ErrorCode
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.living import LOST, REFUSED, call_back, live, now_of


def lost(service: MemoryService, **wish: Any) -> Job:
    service.apixo.loses_answers = True
    return service.submit(on_unknown="retry", **wish)


def test_it_is_sent_again_only_after_its_fate_was_awaited(service: MemoryService) -> None:
    job = lost(service)

    live(service, minutes=14, seconds=30)
    assert len(service.apixo.tasks) == 1
    live(service, minutes=1)

    assert len(service.apixo.tasks) == 2
    assert len(now_of(service, job).attempts) == 2


def test_the_timeline_says_why(service: MemoryService) -> None:
    job = lost(service)
    live(service, minutes=15)

    notes = [entry.note for entry in now_of(service, job).timeline]

    assert "the fate of a submission stays unknown: tried again, as asked" in notes


def test_it_is_guessed_three_times_at_most(service: MemoryService) -> None:
    job = lost(service)

    live(service, hours=3)

    job = now_of(service, job)
    assert len(service.apixo.tasks) == len(job.attempts) == 3
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.AMBIGUOUS_SUBMIT
    assert job.charged_usd is None


def test_what_the_second_attempt_makes_is_the_jobs_and_the_first_is_still_followed(
    service: MemoryService,
) -> None:
    job = lost(service)
    live(service, minutes=14)
    service.apixo.loses_answers = False
    live(service, minutes=2)
    service.apixo.finish(TaskId("apixo-1"))
    live(service, minutes=3)

    job = now_of(service, job)
    assert (job.status, job.late) == (JobStatus.SUCCEEDED, False)
    assert [s.state for s in job.followed] == [SubmissionState.UNKNOWN]
    # What the first may be charged is not known yet, and that is said.
    assert (job.charged_usd, job.is_cost_complete) == (Decimal("0.0350"), False)


def test_when_both_came_both_are_kept_and_both_costs_are_shown(service: MemoryService) -> None:
    job = lost(service)
    live(service, minutes=14)
    service.apixo.loses_answers = False
    live(service, minutes=2)
    service.apixo.finish_all()
    live(service, minutes=3)

    call_back(service, number=0)
    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.late) == (JobStatus.SUCCEEDED, True)
    assert job.charged_usd == Decimal("0.0700")
    assert len({image.key for image in job.images}) == 2
    assert [image.index for image in job.images] == [0, 1]
    assert sorted(image.attempt for image in job.images) == [1, 2]


def test_only_the_images_that_are_missing_are_asked_for_again(service: MemoryService) -> None:
    def second_is_lost(order: Order) -> None:
        if order.submission.attempt == 1 and order.submission.number == 2:
            service.oxen.errors = [LOST]

    service.oxen.on_submit = second_is_lost
    job = service.submit(provider="oxen", n=6, on_unknown="retry")
    service.deliver_messages()
    service.oxen.finish_all()
    live(service, minutes=16)

    asked = [(s.attempt, s.images_asked) for s in now_of(service, job).submissions]
    assert asked == [(1, 4), (1, 2), (2, 2)]

    service.oxen.finish_all()
    live(service, minutes=1)

    job = now_of(service, job)
    assert job.status is JobStatus.SUCCEEDED
    assert sorted(image.index for image in job.images) == list(range(6))
    assert len(service.bucket.objects) == 6


def test_a_refusal_is_certain_and_not_tried_again(service: MemoryService) -> None:
    service.apixo.errors = [REFUSED]

    job = service.submit(on_unknown="retry")
    live(service, hours=1, step=300)

    assert now_of(service, job).status is JobStatus.FAILED
    assert service.apixo.tasks == {}


def test_a_task_that_never_ends_is_known_and_not_tried_again(service: MemoryService) -> None:
    job = service.submit(on_unknown="retry")

    live(service, hours=2, step=300)

    job = now_of(service, job)
    assert job.error is not None
    assert (job.error.code, len(job.attempts)) == (ErrorCode.PROVIDER_TIMEOUT, 1)


def test_a_lost_answer_that_turns_up_in_time_is_not_paid_twice(service: MemoryService) -> None:
    job = lost(service)
    live(service, minutes=14)

    service.apixo.finish_all()
    call_back(service)
    live(service, hours=1, step=300)

    assert now_of(service, job).status is JobStatus.SUCCEEDED
    assert len(service.apixo.tasks) == 1
