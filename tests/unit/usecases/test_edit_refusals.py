"""Dropped pictures that become no job: a report beside them says why."""

import json
from typing import Any

import pytest

from shared.domain.api_key import Terms
from shared.domain.edits import Drop
from shared.domain.limits import Limits
from shared.usecases.webhooks import Registration
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.dropping import CAT, notify, report_on, told


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


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
    service: MemoryService, content: bytes, metadata: dict[str, str], words: str
) -> None:
    service.drops.drop(CAT, content, **metadata)

    taken = notify(service, waited=True)

    assert taken.refused
    assert words in str(report_on(service)["detail"])
    (event,) = told(service, "intake.refused")
    assert json.loads(event.detail)["data"]["source"] == f"s3://uploads/{CAT}?versionId=v1"


@pytest.mark.parametrize("instruction", [b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000])
def test_a_broken_instruction_is_no_poison(service: MemoryService, instruction: bytes) -> None:
    service.drops.drop(f"{CAT}.json", instruction)
    service.drops.drop(CAT, a_png())

    assert notify(service).refused
    assert "no JSON object" in str(report_on(service)["detail"])


def test_what_was_deleted_meanwhile_is_told_on_the_bus_alone(service: MemoryService) -> None:
    version = service.drops.drop(CAT, a_png(), prompt="at night")
    service.drops.delete(CAT)

    assert notify(service, version=version).refused == "source_gone"
    (event,) = told(service, "intake.refused")
    assert json.loads(event.detail)["data"]["code"] == "source_gone"
    assert service.drops.read(f"{CAT}.error.json", at_most=10) is None


def test_what_was_replaced_meanwhile_is_edited_as_it_was(service: MemoryService) -> None:
    version = service.drops.drop(CAT, a_png(), prompt="the first")
    service.drops.drop(CAT, a_png(), prompt="the second")

    job = notify(service, version=version).job

    assert job
    assert job.input.prompt == "the first"
    assert job.input.images == (f"s3://uploads/{CAT}?versionId={version}",)


def test_what_is_too_large_is_not_read(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png() + bytes(30 * 1024 * 1024), prompt="x")
    read = service.drops.read

    def small_reads(key: str, **parts: Any) -> bytes | None:
        assert key != CAT
        return read(key, **parts)

    service.drops.read = small_reads
    notify(service)

    service.drops.read = read
    assert f"1 to {30 * 1024 * 1024} are allowed" in str(report_on(service)["detail"])


def test_what_cannot_be_read_is_no_poison(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="x")
    service.drops.read = lambda *_, **__: None

    taken = notify(service)

    assert taken.refused == "invalid_request"
    (event,) = told(service, "intake.refused")
    assert "may not be read" in json.loads(event.detail)["data"]["detail"]


def test_the_same_refusal_is_the_same_event(service: MemoryService) -> None:
    version = service.drops.drop(CAT, b"", prompt="at night")
    drop = Drop(bucket="uploads", key=CAT, version_id=version, at=service.clock.now())

    for _ in range(2):
        service.take_drop(drop, read_wish=lambda _: pytest.fail("never read"))
        service.time.sleep(10)

    assert len(told(service, "intake.refused")) == 1


def test_what_exceeds_the_budget_of_its_key_is_refused(service: MemoryService) -> None:
    terms = Terms(limits=Limits(budget=10_000))
    service.edits_key_id = service.issue_key(tenant="default", name="poor", terms=terms).key.id
    service.drops.drop(CAT, a_png(), prompt="at night")

    assert notify(service).refused == "budget_exceeded"
    assert report_on(service)["code"] == "budget_exceeded"


def test_the_webhooks_of_its_tenant_hear_of_it(service: MemoryService) -> None:
    service.manage_webhooks.create("default", Registration(url="https://shop.example/"))
    service.manage_webhooks.create("other", Registration(url="https://other.example/"))
    service.drops.drop(CAT, b"", prompt="at night")
    notify(service)

    service.publish_events(told(service, "intake.refused"))

    (delivery,) = service.log.rows.values()
    assert (delivery.event_type, delivery.url) == ("intake.refused", "https://shop.example/")


def test_without_a_key_to_run_under_nothing_is_taken(service: MemoryService) -> None:
    service.edits_key_id = None
    service.drops.drop(CAT, a_png(), prompt="at night")

    assert notify(service).refused
    assert "no API key is named" in str(report_on(service)["detail"])
