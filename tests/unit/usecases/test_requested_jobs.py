"""Jobs that an event on the bus asks for."""

import json

import pytest

from shared.domain.api_key import Terms
from shared.domain.limits import Limits
from shared.usecases.taken import Taken
from tests.memory_service import MemoryService
from tests.unit.usecases.dropping import ask, jobs_of, told

FOX = {"model": "seedream-4.5", "prompt": "a fox"}


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def test_an_event_asks_for_a_job(service: MemoryService) -> None:
    job = ask(service, {"model": "seedream-4.5", "prompt": "a fox"}).job

    assert job
    assert [job_id for job_id, _ in service.to_dispatch.messages] == [job.id]


def test_the_same_event_asks_once(service: MemoryService) -> None:
    for _ in range(3):
        ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

    assert len(jobs_of(service)) == 1


def test_what_is_wrong_with_it_is_told_by_an_event(service: MemoryService) -> None:
    taken = ask(service, {"model": "seedream-4.5", "prompt": "", "n": 11})

    assert taken.refused == "invalid_request"
    (event,) = told(service, "intake.refused")
    errors = json.loads(event.detail)["data"]["errors"]
    assert [one["pointer"] for one in errors] == ["/prompt", "/n"]


def test_a_request_that_exceeds_the_budget_is_refused(service: MemoryService) -> None:
    terms = Terms(limits=Limits(budget=10_000))
    service.events_key_id = service.issue_key(tenant="default", name="poor", terms=terms).key.id

    taken = ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

    assert taken.refused == "budget_exceeded"


def test_another_request_under_the_same_id_is_refused(service: MemoryService) -> None:
    ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

    taken = ask(service, {"model": "seedream-4.5", "prompt": "a boat"})

    assert taken.refused == "idempotency_key_reused"


def test_an_event_that_comes_again_after_its_job_was_deleted_makes_no_other(
    service: MemoryService,
) -> None:
    job = ask(service, FOX).job
    assert job
    service.delete_job(service.cancel_job(job))

    again = ask(service, FOX)

    assert again == Taken()
    assert jobs_of(service) == []
