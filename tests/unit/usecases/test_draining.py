"""A provider that is drained gets no new jobs, and finishes what it has."""

import pytest

from shared.domain.errors import InvalidRequest
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService


@pytest.fixture
def drained() -> MemoryService:
    return MemoryService(DRAINED_PROVIDERS="apixo, oxen")


def test_a_new_job_goes_to_who_is_left(drained: MemoryService) -> None:
    job = drained.submit(provider=())

    assert job.provider == "aimlapi"
    assert [leg.provider for leg in job.route] == ["aimlapi"]


def test_who_asks_for_it_by_name_is_told_who_serves_the_model(drained: MemoryService) -> None:
    with pytest.raises(InvalidRequest) as refused:
        drained.admit(provider="apixo")

    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/provider", "unknown")
    assert error.message == "seedream-4.5 is served by aimlapi, not by apixo"


def test_what_it_has_in_hand_is_finished(service: MemoryService, drained: MemoryService) -> None:
    job = service.submit(provider="apixo")
    drained.jobs.add(job)
    drained.apixo.tasks = service.apixo.tasks
    drained.apixo.finish_all()

    assert drained.collect(job.id).status is JobStatus.SUCCEEDED


def test_a_job_that_was_admitted_before_still_goes_there(
    service: MemoryService, drained: MemoryService
) -> None:
    job = service.admit(provider="apixo")
    drained.jobs.add(job)

    drained.send_off(job)

    assert len(drained.apixo.tasks) == 1


def test_without_the_setting_every_provider_is_open(service: MemoryService) -> None:
    assert service.open_accesses == service.accesses
