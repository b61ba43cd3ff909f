"""A provider that says nothing any more: every job ends all the same, and is let go in the end."""

import pytest

from shared.domain.errors import ErrorCode
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from tests.memory_service import MemoryService
from tests.unit.usecases.living import announced, live, now_of


@pytest.mark.parametrize("provider", ["apixo", "oxen"])
def test_a_job_whose_provider_fell_silent_fails_after_thirty_minutes(
    service: MemoryService, provider: str
) -> None:
    job = service.submit(provider=provider)
    service.apixo.is_silent = service.oxen.is_silent = True

    live(service, minutes=29)
    assert now_of(service, job).status is JobStatus.PROCESSING
    live(service, minutes=2)

    job = now_of(service, job)
    assert job.error is not None
    assert (job.status, job.error.code) == (JobStatus.FAILED, ErrorCode.PROVIDER_TIMEOUT)


@pytest.mark.parametrize("provider", ["apixo", "oxen"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["accepted", "lost"])
def test_after_25_hours_it_is_not_asked_any_more(
    service: MemoryService, provider: str, *, is_lost: bool
) -> None:
    service.apixo.loses_answers = service.oxen.loses_answers = is_lost
    job = service.submit(provider=provider)
    service.apixo.is_silent = service.oxen.is_silent = True

    live(service, hours=26, step=300)

    job = now_of(service, job)
    assert (job.status, job.due_at) == (JobStatus.FAILED, None)
    assert [s.state for s in job.submissions] == [SubmissionState.SETTLED]
    assert job.charged_usd is None
    assert announced(service)[-1] == "job.failed"


def test_a_cancelled_job_of_a_silent_provider_is_let_go_too(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    service.oxen.is_silent = True
    service.cancel_job(job)

    live(service, hours=26, step=300)

    job = now_of(service, job)
    assert (job.status, job.due_at) == (JobStatus.CANCELLED, None)


def test_one_submission_that_cannot_be_asked_about_holds_no_other_up(
    service: MemoryService,
) -> None:
    job = service.submit(provider="oxen", n=6)
    service.deliver_messages()
    service.oxen.finish_all()
    task_id = now_of(service, job).submissions[1].task_ids[0]
    hidden = service.oxen.tasks.pop(task_id)

    live(service, minutes=5)
    halfway = now_of(service, job)
    assert len(halfway.images) == 4
    assert not halfway.is_terminal

    service.oxen.tasks[task_id] = hidden
    live(service, minutes=5)

    assert now_of(service, job).status is JobStatus.SUCCEEDED
