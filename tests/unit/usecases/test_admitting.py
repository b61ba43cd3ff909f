"""Admitting a job: with an idempotency key once, without one as often as asked."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.domain.api_key import ApiKey
from shared.domain.errors import InvalidRequest, KeyReused
from shared.domain.job import Job
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Admitted
from tests.memory_service import MemoryService, a_wish


@dataclass
class Caller:
    service: MemoryService
    key: ApiKey

    def admit(self, name: str | None, *, request: str = "request", **wish: object) -> Admitted:
        idempotency = Idempotency(key=name, fingerprint=request) if name else None
        return self.service.admit_job(
            a_wish(**wish),  # type: ignore[arg-type]  # by name
            key=self.key,
            idempotency=idempotency,
            render=rendered,
        )


def rendered(job: Job) -> str:
    return f"{job.id} version {job.version}"


@pytest.fixture
def caller(service: MemoryService) -> Caller:
    return Caller(service=service, key=service.a_key())


def test_the_first_request_makes_the_job_that_its_answer_shows(caller: Caller) -> None:
    admitted = caller.admit("name")

    assert admitted.job is not None
    assert admitted.answer == rendered(admitted.job)
    assert caller.service.jobs.get(admitted.job.id) == admitted.job


def test_the_same_request_again_gets_the_first_answer_and_makes_no_job(caller: Caller) -> None:
    first = caller.admit("name")
    caller.service.time.sleep(3600)

    again = caller.admit("name")

    assert (again.answer, again.job) == (first.answer, None)
    assert len(caller.service.jobs.newest("default", limit=9, cursor=None).jobs) == 1


def test_another_request_under_the_same_key_is_refused(caller: Caller) -> None:
    caller.admit("name")

    with pytest.raises(KeyReused):
        caller.admit("name", request="another")

    assert len(caller.service.jobs.newest("default", limit=9, cursor=None).jobs) == 1


def test_after_a_day_a_key_means_something_new(caller: Caller) -> None:
    first = caller.admit("name")
    caller.service.time.sleep(timedelta(hours=24).total_seconds())

    second = caller.admit("name", request="another")

    assert second.job is not None
    assert second.answer != first.answer


def test_a_request_that_cannot_be_carried_out_uses_up_no_key(caller: Caller) -> None:
    with pytest.raises(InvalidRequest):
        caller.admit("name", n=99)

    assert caller.admit("name").job is not None


def test_without_a_key_every_request_makes_a_job(caller: Caller) -> None:
    jobs = [caller.admit(None).job for _ in range(3)]

    assert len({job.id for job in jobs if job}) == 3


def test_a_reference_is_taken_as_link_or_as_upload(caller: Caller) -> None:
    upload_id = caller.service.uploads.put(b"", content_type="image/png", tenant="default")
    references = ("https://example.com/a.png", f"upload:{upload_id}")

    admitted = caller.admit(None, images=references)

    assert admitted.job is not None
    assert admitted.job.input.images == references


def test_a_new_job_is_looked_at_before_its_first_deadline_at_the_latest(caller: Caller) -> None:
    seconds = [
        caller.admit(None).job,
        caller.admit(None, finish_within=timedelta(seconds=7)).job,
        caller.admit(None, start_within=timedelta(seconds=3)).job,
    ]

    due = [(job.due_at - job.created_at).total_seconds() for job in seconds if job and job.due_at]
    assert due == [60, 7, 3]
