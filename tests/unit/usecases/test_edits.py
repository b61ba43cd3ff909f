"""Pictures dropped into a folder become edits: one job for each version, whatever arrives when."""

import pytest

from shared.usecases.taken import Taken
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.dropping import CAT, SAY, jobs_of, notify, told


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


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
