"""Drops and events that become no job: who is at fault, and that it is said where he looks."""

import json

import pytest

from shared.domain.api_key import Terms
from shared.domain.limits import Limits
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.dropping import CAT, ask, jobs_of, notify, report_on, told
from tests.unit.usecases.living import POLICY

FOX = {"model": "seedream-4.5", "prompt": "a fox"}


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def may_spend(service: MemoryService, dollars: float) -> None:
    terms = Terms(limits=Limits(budget=int(dollars * 1_000_000)))
    key = service.issue_key(tenant="default", name="intake", terms=terms).key
    service.edits_key_id = service.events_key_id = key.id


def refusal(service: MemoryService) -> dict[str, object]:
    (event,) = told(service, "intake.refused")
    data: dict[str, object] = json.loads(event.detail)["data"]
    return data


def test_a_drop_beyond_the_budget_is_refused_beside_it_and_on_the_bus(
    service: MemoryService,
) -> None:
    may_spend(service, 0.01)
    service.drops.drop(CAT, a_png(), prompt="at night")

    assert notify(service).refused == "budget_exceeded"
    assert report_on(service)["code"] == refusal(service)["code"] == "budget_exceeded"
    assert jobs_of(service) == []


def test_an_event_beyond_the_budget_is_refused_on_the_bus(service: MemoryService) -> None:
    may_spend(service, 0.05)

    assert ask(service, FOX).job
    assert ask(service, FOX, event_id="e2").refused == "budget_exceeded"

    assert (refusal(service)["code"], refusal(service)["source"]) == ("budget_exceeded", "event:e2")
    assert len(jobs_of(service)) == 1


def test_without_a_key_to_run_under_no_job_is_taken_from_an_event(service: MemoryService) -> None:
    service.events_key_id = None

    assert ask(service, FOX).refused == "invalid_request"
    assert "no API key is named" in str(refusal(service)["detail"])
    assert jobs_of(service) == []


@pytest.mark.parametrize("seconds", [60, 3600])
def test_a_drop_that_is_heard_of_late_waits_for_no_sidecar(
    service: MemoryService, seconds: float
) -> None:
    service.drops.drop(CAT, a_png())
    service.time.sleep(seconds)

    taken = notify(service)

    assert (taken.wait_seconds, taken.refused) == (0, "invalid_request")
    assert "nothing says what to do with it" in str(report_on(service)["detail"])


def test_what_is_tried_again_places_nothing_before_it_is_over(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night")
    notify(service)
    service.deliver_messages()
    (task_id,) = service.apixo.tasks
    service.apixo.fail(task_id, POLICY)
    (job,) = jobs_of(service)
    service.collect(job.id)
    failed = list(service.store.announced.values())
    service.retry(service.jobs.get(job.id))

    service.publish_events(failed)

    assert "job.failed" in [event.type for event in failed]
    assert service.jobs.get(job.id).status is JobStatus.QUEUED
    assert f"{CAT}/job.json" not in service.bucket.objects
