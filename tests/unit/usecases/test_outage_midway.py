"""A provider goes out of order in the midst of a job: where what is left of the job may go."""

from typing import Any

import pytest

from shared.domain.errors import ErrorCode, FateUnknown, Fault, Refused, SubmissionError
from shared.domain.job import Job
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.unit.usecases.living import DOWN, LOST, REFUSED, live, now_of

NO_CREDITS = Refused(Fault(code=ErrorCode.PROVIDER_CREDITS, message="no credits left"))


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def tried_by(service: MemoryService, job: Job) -> list[str]:
    return [attempt.provider for attempt in now_of(service, job).attempts]


def half_sent(service: MemoryService, first: SubmissionError | None, **wish: Any) -> Job:
    """Of eight requests the first is answered, then nobody answers any more."""
    answers = iter([[first] if first else []])

    def answer(_: object) -> None:
        service.aimlapi.errors = list(next(answers, [DOWN]))

    service.aimlapi.on_submit = answer
    job = service.submit(provider=("aimlapi", "apixo"), n=8, **wish)
    live(service, seconds=90, step=5)
    return job


def is_well_again(service: MemoryService) -> None:
    service.aimlapi.on_submit, service.aimlapi.errors = lambda _: None, []


def test_content_that_was_refused_is_shown_to_nobody_else(service: MemoryService) -> None:
    job = half_sent(service, REFUSED)

    assert tried_by(service, job) == ["aimlapi"]
    assert not service.apixo.tasks


def test_once_an_image_has_come_the_rest_waits_for_the_same_provider(
    service: MemoryService,
) -> None:
    job = half_sent(service, None)
    assert len(now_of(service, job).images) == 1

    is_well_again(service)
    live(service, minutes=15)

    assert tried_by(service, job) == ["aimlapi"]
    done = now_of(service, job)
    assert (done.status, len(done.images)) == (JobStatus.SUCCEEDED, 8)


def test_what_was_refused_for_a_reason_of_its_own_keeps_nothing_back(
    service: MemoryService,
) -> None:
    job = half_sent(service, NO_CREDITS)

    assert tried_by(service, job) == ["aimlapi", "apixo"]


def test_another_guess_is_made_at_the_same_provider_even_if_it_has_to_wait(
    service: MemoryService,
) -> None:
    """`on_unknown: retry` allows paying twice; it does not allow going elsewhere."""
    service.apixo.errors = [LOST]
    job = service.submit(provider=("apixo", "oxen"), on_unknown="retry")
    live(service, minutes=14)
    for _ in range(5):
        service.apixo.errors = [LOST]
        service.submit(provider="apixo")

    live(service, seconds=70, step=5)
    assert now_of(service, job).status is JobStatus.QUEUED

    live(service, minutes=3)
    assert tried_by(service, job) == ["apixo", "apixo"]


def test_a_retry_asks_anew_and_waits_for_nobody(service: MemoryService) -> None:
    service.apixo.errors = [FateUnknown(LOST.fault)]
    job = service.submit(provider=("apixo", "oxen"))
    live(service, minutes=20)
    assert now_of(service, job).status is JobStatus.FAILED
    service.apixo.errors = [NO_CREDITS]
    service.submit(provider="apixo")

    service.retry(now_of(service, job))
    service.deliver_messages()

    assert tried_by(service, job) == ["apixo", "oxen"]


def test_each_provider_gets_three_tries_of_its_own(service: MemoryService) -> None:
    service.apixo.errors = [DOWN, DOWN, NO_CREDITS]
    service.oxen.errors = [DOWN] * 9
    job = service.submit(provider=("apixo", "oxen", "aimlapi"))
    live(service, seconds=4, step=1)
    service.submit(provider="apixo")

    live(service, minutes=1, step=2)

    assert tried_by(service, job) == ["apixo", "oxen", "aimlapi"]
    assert len(service.oxen.errors) == 6
