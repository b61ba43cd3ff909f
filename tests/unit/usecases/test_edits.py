"""Pictures dropped into a folder become edits: one job for each version, whatever arrives when."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.api.requests import JobRequest, read
from shared.domain.api_key import Terms
from shared.domain.edits import Drop
from shared.domain.events import Event
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.domain.status import JobStatus
from shared.usecases.admit_job import Wish
from shared.usecases.taken import Taken
from shared.usecases.webhooks import Registration
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.living import call_back, live

CAT = "edits/animals/cat.png"
SAY = json.dumps({"prompt": "at night"}).encode()


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def notify(
    service: MemoryService, key: str = CAT, *, version: str | None = None, waited: bool = False
) -> Taken:
    """Let the function hear that an object has landed, as the bucket tells."""
    drop = Drop(bucket="uploads", key=key, version_id=version, at=service.clock.now())

    def read_wish(request: bytes) -> Wish:
        return read(JobRequest, request).wish(service.clock.now())

    return service.take_drop(drop, read_wish=read_wish, waited=waited)


def jobs_of(service: MemoryService) -> list[Job]:
    return list(service.jobs.newest("default", limit=100, cursor=None).jobs)


def told(service: MemoryService, kind: str) -> list[Event]:
    return [event for event in service.store.announced.values() if event.type == kind]


def report_on(service: MemoryService, key: str = CAT) -> dict[str, object]:
    content = service.drops.read(f"{key}.error.json", at_most=10_000)
    assert content
    report: dict[str, object] = json.loads(content)
    return report


class TestInstructions:
    def test_the_objects_own_metadata_comes_first(self, service: MemoryService) -> None:
        service.drops.drop("edits/_recipe.json", b'{"prompt": "by recipe"}')
        service.drops.drop(f"{CAT}.json", b'{"prompt": "by sidecar"}')
        service.drops.drop(CAT, a_png(), prompt="by metadata", n="2", **{"aspect-ratio": "16:9"})

        job = notify(service).job

        assert job
        assert (job.input.prompt, job.input.n) == ("by metadata", 2)
        assert (job.input.aspect_ratio, job.source) == ("16:9", CAT)
        assert job.input.images == (f"s3://uploads/{CAT}?versionId=v1",)

    def test_then_the_sidecar(self, service: MemoryService) -> None:
        service.drops.drop("edits/_recipe.json", b'{"prompt": "by recipe"}')
        service.drops.drop(f"{CAT}.json", b'{"prompt": "by sidecar"}')
        service.drops.drop(CAT, a_png())

        job = notify(service).job

        assert job
        assert job.input.prompt == "by sidecar"

    def test_then_after_a_minute_the_nearest_recipe(self, service: MemoryService) -> None:
        service.drops.drop("edits/_recipe.json", b'{"prompt": "far"}')
        service.drops.drop("edits/animals/_recipe.json", b'{"prompt": "near"}')
        service.drops.drop(CAT, a_png())

        first = notify(service)
        job = notify(service, waited=True).job

        assert (first.job, first.wait_seconds) == (None, 60)
        assert job
        assert job.input.prompt == "near"

    def test_a_recipe_further_up_holds_for_all_below(self, service: MemoryService) -> None:
        service.drops.drop("edits/_recipe.json", b'{"prompt": "for all"}')
        service.drops.drop("edits/a/b/c/dog.png", a_png())

        job = notify(service, "edits/a/b/c/dog.png", waited=True).job

        assert job
        assert job.input.prompt == "for all"

    def test_a_sidecar_that_comes_later_does_not_wait_for_the_minute(
        self, service: MemoryService
    ) -> None:
        service.drops.drop(CAT, a_png())
        assert notify(service).wait_seconds == 60

        service.time.sleep(5)
        service.drops.drop(f"{CAT}.json", SAY)
        job = notify(service, f"{CAT}.json").job

        assert job
        assert job.input.prompt == "at night"
        assert notify(service, waited=True) == Taken()
        assert len(jobs_of(service)) == 1

    def test_a_sidecar_without_a_picture_waits_for_one(self, service: MemoryService) -> None:
        service.drops.drop(f"{CAT}.json", SAY)

        assert notify(service, f"{CAT}.json") == Taken()
        assert not told(service, "intake.refused")

    def test_more_references_come_after_the_dropped_one(self, service: MemoryService) -> None:
        other = "https://example.com/style.png"
        service.drops.drop(CAT, a_png(), prompt="in that style", images=other)

        job = notify(service).job

        assert job
        assert job.input.images == (f"s3://uploads/{CAT}?versionId=v1", other)


class TestOnce:
    def test_the_same_version_never_makes_two_jobs(self, service: MemoryService) -> None:
        version = service.drops.drop(CAT, a_png(), prompt="at night")

        for _ in range(3):
            notify(service, version=version)
        service.time.sleep(90_000)  # longer than any idempotency key lives
        notify(service, version=version)

        assert len(jobs_of(service)) == 1

    def test_each_version_is_an_edit_of_its_own(self, service: MemoryService) -> None:
        for _ in range(2):
            version = service.drops.drop(CAT, a_png(), prompt="at night")
            notify(service, version=version)

        assert len(jobs_of(service)) == 2

    def test_a_thousand_pictures_told_twice_are_a_thousand_jobs(
        self, service: MemoryService
    ) -> None:
        keys = [f"edits/{number:04}.png" for number in range(1000)]
        versions = {key: service.drops.drop(key, a_png(), prompt="at night") for key in keys}

        for key in [*keys, *reversed(keys)]:
            notify(service, key, version=versions[key])

        assert len(service.to_dispatch.messages) == 1000

    @pytest.mark.parametrize(
        "key",
        ["edits/", "edits/animals/", "edits/_recipe.json", f"{CAT}.error.json", "elsewhere/a.png"],
    )
    def test_what_is_no_picture_to_edit_is_left_alone(
        self, service: MemoryService, key: str
    ) -> None:
        service.drops.drop(key, b"{}", prompt="at night")

        assert notify(service, key) == Taken()

    def test_what_we_made_ourselves_is_left_alone(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png(), prompt="again", **{"generated-by": "seedhook"})

        assert notify(service) == Taken()


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "metadata", "words"),
        [
            (b"", {"prompt": "x"}, "has 0 bytes"),
            (b"no image", {"prompt": "x"}, "not a whole PNG"),
            (a_png(), {"prompt": "x", "n": "many"}, "/n"),
            (a_png(), {"prompt": "x", "model": "nonsense"}, "no such model"),
            (a_png(), {"prompt": "x", "colour": "red"}, "/colour"),
            (a_png(), {}, "put x-amz-meta-prompt"),
        ],
    )
    def test_a_report_beside_the_object_says_what_to_do(
        self, service: MemoryService, content: bytes, metadata: dict[str, str], words: str
    ) -> None:
        service.drops.drop(CAT, content, **metadata)

        taken = notify(service, waited=True)

        assert taken.refused
        assert words in str(report_on(service)["detail"])
        (event,) = told(service, "intake.refused")
        assert json.loads(event.detail)["data"]["source"] == f"s3://uploads/{CAT}?versionId=v1"

    @pytest.mark.parametrize("instruction", [b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
    def test_a_broken_instruction_is_no_poison(
        self, service: MemoryService, instruction: bytes
    ) -> None:
        service.drops.drop(f"{CAT}.json", instruction)
        service.drops.drop(CAT, a_png())

        assert notify(service).refused
        assert "no JSON object" in str(report_on(service)["detail"])

    def test_what_was_deleted_meanwhile_is_told_on_the_bus_alone(
        self, service: MemoryService
    ) -> None:
        version = service.drops.drop(CAT, a_png(), prompt="at night")
        service.drops.delete(CAT)

        assert notify(service, version=version).refused == "source_gone"
        (event,) = told(service, "intake.refused")
        assert json.loads(event.detail)["data"]["code"] == "source_gone"
        assert service.drops.read(f"{CAT}.error.json", at_most=10) is None

    def test_what_was_replaced_meanwhile_is_edited_as_it_was(self, service: MemoryService) -> None:
        version = service.drops.drop(CAT, a_png(), prompt="the first")
        service.drops.drop(CAT, a_png(), prompt="the second")

        job = notify(service, version=version).job

        assert job
        assert job.input.prompt == "the first"
        assert job.input.images == (f"s3://uploads/{CAT}?versionId={version}",)

    def test_what_is_too_large_is_not_read(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png() + bytes(30 * 1024 * 1024), prompt="x")
        read = service.drops.read

        def small_reads(key: str, **parts: Any) -> bytes | None:
            assert key != CAT
            return read(key, **parts)

        service.drops.read = small_reads
        notify(service)

        service.drops.read = read
        assert f"1 to {30 * 1024 * 1024} are allowed" in str(report_on(service)["detail"])

    def test_what_cannot_be_read_is_no_poison(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png(), prompt="x")
        service.drops.read = lambda *_, **__: None

        taken = notify(service)

        assert taken.refused == "invalid_request"
        (event,) = told(service, "intake.refused")
        assert "may not be read" in json.loads(event.detail)["data"]["detail"]

    def test_the_same_refusal_is_the_same_event(self, service: MemoryService) -> None:
        version = service.drops.drop(CAT, b"", prompt="at night")
        drop = Drop(bucket="uploads", key=CAT, version_id=version, at=service.clock.now())

        for _ in range(2):
            service.take_drop(drop, read_wish=lambda _: pytest.fail("never read"))
            service.time.sleep(10)

        assert len(told(service, "intake.refused")) == 1

    def test_what_exceeds_the_budget_of_its_key_is_refused(self, service: MemoryService) -> None:
        terms = Terms(limits=Limits(budget=10_000))
        service.edits_key_id = service.issue_key(tenant="default", name="poor", terms=terms).key.id
        service.drops.drop(CAT, a_png(), prompt="at night")

        assert notify(service).refused == "budget_exceeded"
        assert report_on(service)["code"] == "budget_exceeded"

    def test_the_webhooks_of_its_tenant_hear_of_it(self, service: MemoryService) -> None:
        service.manage_webhooks.create("default", Registration(url="https://shop.example/"))
        service.manage_webhooks.create("other", Registration(url="https://other.example/"))
        service.drops.drop(CAT, b"", prompt="at night")
        notify(service)

        service.publish_events(told(service, "intake.refused"))

        (delivery,) = service.log.rows.values()
        assert (delivery.event_type, delivery.url) == ("intake.refused", "https://shop.example/")

    def test_without_a_key_to_run_under_nothing_is_taken(self, service: MemoryService) -> None:
        service.edits_key_id = None
        service.drops.drop(CAT, a_png(), prompt="at night")

        assert notify(service).refused
        assert "no API key is named" in str(report_on(service)["detail"])


class TestResults:
    def test_results_lie_beside_a_copy_of_the_path(self, service: MemoryService) -> None:
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

    def test_an_image_that_somebody_removed_holds_up_no_event(self, service: MemoryService) -> None:
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

    def test_a_lost_announcement_is_made_up_for(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png(), prompt="at night")
        notify(service)
        service.deliver_messages()
        service.apixo.finish_all()
        call_back(service)
        service.deliver_messages()

        live(service, minutes=4)

        assert f"{CAT}/job.json" in service.bucket.objects

    def test_a_job_that_goes_on_again_places_nothing(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png(), prompt="at night")
        job = notify(service).job
        assert job
        failed = service.cancel_job(job)
        events = list(service.store.announced.values())
        again = replace(failed, status=JobStatus.QUEUED, version=failed.version + 1)
        service.jobs.save(again, was=failed)

        service.publish_events(events)

        assert f"{CAT}/job.json" not in service.bucket.objects

    def test_what_was_placed_goes_with_its_job(self, service: MemoryService) -> None:
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

    def test_a_deleted_job_places_nothing(self, service: MemoryService) -> None:
        service.drops.drop(CAT, a_png(), prompt="at night")
        job = notify(service).job
        assert job
        cancelled = service.cancel_job(job)
        events = list(service.store.announced.values())
        service.delete_job(cancelled)

        service.publish_events(events)

        assert f"{CAT}/job.json" not in service.bucket.objects


class TestRequests:
    def ask(self, service: MemoryService, body: object, *, event_id: str = "e1") -> Taken:
        def read_wish(request: bytes) -> Wish:
            return read(JobRequest, request).wish(service.clock.now())

        return service.take_request(
            event_id, json.dumps(body).encode(), at=service.clock.now(), read_wish=read_wish
        )

    def test_an_event_asks_for_a_job(self, service: MemoryService) -> None:
        job = self.ask(service, {"model": "seedream-4.5", "prompt": "a fox"}).job

        assert job
        assert [job_id for job_id, _ in service.to_dispatch.messages] == [job.id]

    def test_the_same_event_asks_once(self, service: MemoryService) -> None:
        for _ in range(3):
            self.ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

        assert len(jobs_of(service)) == 1

    def test_what_is_wrong_with_it_is_told_by_an_event(self, service: MemoryService) -> None:
        taken = self.ask(service, {"model": "seedream-4.5", "prompt": "", "n": 11})

        assert taken.refused == "invalid_request"
        (event,) = told(service, "intake.refused")
        errors = json.loads(event.detail)["data"]["errors"]
        assert [one["pointer"] for one in errors] == ["/prompt", "/n"]

    def test_a_request_that_exceeds_the_budget_is_refused(self, service: MemoryService) -> None:
        terms = Terms(limits=Limits(budget=10_000))
        service.events_key_id = service.issue_key(tenant="default", name="poor", terms=terms).key.id

        taken = self.ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

        assert taken.refused == "budget_exceeded"

    def test_another_request_under_the_same_id_is_refused(self, service: MemoryService) -> None:
        self.ask(service, {"model": "seedream-4.5", "prompt": "a fox"})

        taken = self.ask(service, {"model": "seedream-4.5", "prompt": "a boat"})

        assert taken.refused == "idempotency_key_reused"


def test_a_sidecar_that_is_gone_when_its_minute_is_over_leaves_the_recipe(
    service: MemoryService,
) -> None:
    service.drops.drop("edits/_recipe.json", b'{"prompt": "by recipe"}')
    service.drops.drop(CAT, a_png())
    service.time.sleep(61)

    job = notify(service).job

    assert job
    assert job.input.prompt == "by recipe"


def test_a_minute_is_counted_from_the_objects_own_time(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png())
    service.time.sleep(45)

    assert notify(service).wait_seconds == 15
