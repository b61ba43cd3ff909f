"""Providers that answer with the image itself: by link, or in the answer."""

from decimal import Decimal

import pytest

from shared.domain.errors import ErrorCode, Fault, Refused
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from tests.memory_service import MemoryService
from tests.unit.usecases.living import LOST, interrupt, live, now_of

PRICE = Decimal("0.042")


@pytest.fixture
def service() -> MemoryService:
    service = MemoryService()
    service.aimlapi.price_usd = PRICE
    return service


def submit(service: MemoryService, *, n: int = 1, provider: str = "aimlapi") -> Job:
    """Ask for images and let the functions work once, without any watch."""
    job = service.submit(provider=provider, delivery="sync", n=n)
    service.deliver_messages()
    return now_of(service, job)


def test_a_call_that_waits_for_the_image_is_not_made_while_the_caller_waits(
    service: MemoryService,
) -> None:
    job = service.submit(provider="aimlapi")

    assert job.delivery == "sync"
    assert job.status is JobStatus.QUEUED
    assert not service.aimlapi.tasks


@pytest.mark.parametrize("inline", [False, True], ids=["by link", "inline"])
def test_what_came_with_the_answer_is_stored_and_paid_for(
    service: MemoryService, *, inline: bool
) -> None:
    service.aimlapi.answers_inline = inline

    job = submit(service)

    assert (job.status, job.charged_usd) == (JobStatus.SUCCEEDED, PRICE)
    assert [image.key for image in job.images] == list(service.bucket.objects)


@pytest.mark.parametrize("inline", [False, True], ids=["by link", "inline"])
def test_an_image_a_call_so_many_images_are_as_many_calls(
    service: MemoryService, *, inline: bool
) -> None:
    service.aimlapi.answers_inline = inline

    job = submit(service, n=3)

    assert len(service.aimlapi.tasks) == 3
    assert [image.index for image in job.images] == [0, 1, 2]
    assert (job.status, job.charged_usd) == (JobStatus.SUCCEEDED, 3 * PRICE)


def test_oxen_can_be_called_this_way_too(service: MemoryService) -> None:
    job = submit(service, provider="oxen", n=2)

    assert (job.status, len(job.attempts), len(job.submissions)) == (JobStatus.SUCCEEDED, 1, 2)
    assert job.charged_usd is None


def test_bytes_that_are_no_image_are_not_stored_and_what_they_cost_is_told(
    service: MemoryService,
) -> None:
    service.aimlapi.answers_inline = True
    service.aimlapi.draw = lambda _: b"<html>not an image</html>"

    job = submit(service)

    assert job.error
    assert (job.status, job.error.code) == (JobStatus.FAILED, ErrorCode.NOT_AN_IMAGE)
    assert job.charged_usd == PRICE
    assert not service.bucket.objects


def test_a_link_that_cannot_be_fetched_is_fetched_again(service: MemoryService) -> None:
    service.aimlapi.draw = lambda _: b""
    job = submit(service)
    assert job.status is not JobStatus.FAILED

    url = next(iter(service.aimlapi.files))
    service.aimlapi.files[url] = service.apixo.draw(url)
    live(service, minutes=2)

    assert now_of(service, job).status is JobStatus.SUCCEEDED
    assert len(service.aimlapi.tasks) == 1


def test_inline_images_lie_in_the_bucket_before_the_state_says_so(service: MemoryService) -> None:
    service.aimlapi.answers_inline = True
    seen: list[int] = []
    save = service.store.save

    def watched(job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        seen.extend(len(service.bucket.objects) for _ in job.images)
        save(job, was=was, limits=limits)

    service.store.save = watched  # a witness, not a double
    submit(service, n=2)

    assert seen
    assert set(seen) == {2}


class TestLostAnswers:
    def test_a_call_that_the_log_has_as_made_is_charged_and_its_image_gone(
        self, service: MemoryService
    ) -> None:
        service.aimlapi.loses_answers = True
        job = submit(service)
        assert [s.state for s in job.submissions] == [SubmissionState.UNKNOWN]

        live(service, minutes=5)

        job = now_of(service, job)
        assert job.error
        assert (job.status, job.error.code) == (JobStatus.FAILED, ErrorCode.RESULT_GONE)
        assert job.charged_usd == PRICE
        assert len(service.aimlapi.tasks) == 1

    def test_a_call_that_the_log_does_not_know_stays_unknown(self, service: MemoryService) -> None:
        service.aimlapi.errors = [LOST]
        job = submit(service)

        live(service, minutes=20)

        job = now_of(service, job)
        assert job.error
        assert job.error.code is ErrorCode.AMBIGUOUS_SUBMIT
        assert job.charged_usd is None
        assert not service.aimlapi.tasks

    def test_while_its_own_answer_may_come_nobody_looks_for_it(
        self, service: MemoryService
    ) -> None:
        found: list[SubmissionState] = []

        def two_minutes_pass(_: object) -> None:
            live(service, seconds=110)
            found.extend(s.state for s in now_of(service, job).submissions)

        interrupt(service, service.aimlapi, two_minutes_pass)
        job = service.submit(provider="aimlapi")
        service.deliver_messages()

        assert found == [SubmissionState.SENDING]
        assert now_of(service, job).status is JobStatus.SUCCEEDED

    def test_a_call_that_surely_failed_may_be_made_by_the_next_provider(
        self, service: MemoryService
    ) -> None:
        credits_gone = Fault(code=ErrorCode.PROVIDER_CREDITS, message="no credits")
        service.aimlapi.errors = [Refused(credits_gone)]
        job = service.submit(provider=("aimlapi", "oxen"))
        service.deliver_messages()
        live(service, seconds=10, step=1)

        assert now_of(service, job).provider == "oxen"


def test_a_cancel_meanwhile_keeps_the_image_as_late(service: MemoryService) -> None:
    interrupt(service, service.aimlapi, lambda _: service.cancel_job(now_of(service, job)))
    job = service.submit(provider="aimlapi")

    service.deliver_messages()

    job = now_of(service, job)
    assert (job.status, job.late, len(job.images)) == (JobStatus.CANCELLED, True, 1)
