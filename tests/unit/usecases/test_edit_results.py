"""Results of a dropped picture lie beside a copy of its path, and go with their job."""

import json
from dataclasses import replace

import pytest

from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.dropping import CAT, jobs_of, notify
from tests.unit.usecases.living import call_back, live


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def test_results_lie_beside_a_copy_of_the_path(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night", n="2")
    notify(service)
    service.deliver_messages()
    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()
    service.publish_events(list(service.store.announced.values()))

    (job,) = jobs_of(service)
    assert job.status is JobStatus.SUCCEEDED
    placed = service.bucket.objects
    assert placed[f"{CAT}/0.png"] == placed[job.images[0].key]
    assert placed[f"{CAT}/1.png"] == placed[job.images[1].key]
    assert json.loads(placed[f"{CAT}/job.json"])["id"] == job.id


def test_an_image_that_somebody_removed_holds_up_no_event(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night", n="2")
    notify(service)
    service.deliver_messages()
    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()
    (job,) = jobs_of(service)
    del service.bucket.objects[job.images[0].key]

    left = service.publish_events(list(service.store.announced.values()))

    assert left == 0
    placed = {key.removeprefix(f"{CAT}/") for key in service.bucket.objects if CAT in key}
    assert placed == {"1.png", "job.json"}


def test_a_lost_announcement_is_made_up_for(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night")
    notify(service)
    service.deliver_messages()
    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()

    live(service, minutes=4)

    assert f"{CAT}/job.json" in service.bucket.objects


def test_a_job_that_goes_on_again_places_nothing(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night")
    job = notify(service).job
    assert job
    failed = service.cancel_job(job)
    events = list(service.store.announced.values())
    again = replace(failed, status=JobStatus.QUEUED, version=failed.version + 1)
    service.jobs.save(again, was=failed)

    service.publish_events(events)

    assert f"{CAT}/job.json" not in service.bucket.objects


def test_what_was_placed_goes_with_its_job(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night", n="2")
    notify(service)
    service.deliver_messages()
    service.apixo.finish_all()
    call_back(service)
    service.deliver_messages()
    service.publish_events(list(service.store.announced.values()))
    service.bucket.write_document("batches/another.json", b"{}")
    (job,) = jobs_of(service)

    service.delete_job(job)

    assert list(service.bucket.objects) == ["batches/another.json"]


def test_a_deleted_job_places_nothing(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night")
    job = notify(service).job
    assert job
    cancelled = service.cancel_job(job)
    events = list(service.store.announced.values())
    service.delete_job(cancelled)

    service.publish_events(events)

    assert f"{CAT}/job.json" not in service.bucket.objects
