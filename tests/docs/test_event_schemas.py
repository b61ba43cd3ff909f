"""What the use cases announce is what events/schemas/ promises."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.domain.errors import ErrorCode, Fault, Refused, Who
from shared.domain.ids import TaskId
from shared.ports.messages import TaskHint
from tests.memory_service import MemoryService

SCHEMA = json.loads(Path("events/schemas/job-event.json").read_bytes())
POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")

type Story = Callable[[MemoryService], object]


def succeeds(service: MemoryService) -> None:
    job = service.submit(n=2, tags=("a", "b"))
    service.apixo.finish_all()
    service.collect(job.id)


def succeeds_without_a_price(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=10)
    service.deliver_messages()
    service.oxen.finish_all()
    service.collect(job.id)


def is_partial(service: MemoryService) -> None:
    job = service.submit(n=3)
    service.apixo.finish(TaskId("apixo-0"), images=1)
    service.collect(job.id)


def is_refused(service: MemoryService) -> None:
    service.apixo.errors = [Refused(POLICY)]
    service.submit()


def fails_at_the_provider(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.fail(TaskId("apixo-0"), POLICY)
    service.collect(job.id)


def is_labelled(service: MemoryService) -> None:
    service.admit(tags=("a",), metadata={"order": ""})


def is_cancelled_and_made_all_the_same(service: MemoryService) -> None:
    job = service.submit()
    service.cancel_job(job)
    service.apixo.finish_all()
    service.collect(job.id)


def is_cancelled_with_half_its_images(service: MemoryService) -> None:
    job = service.submit(provider="oxen", n=2)
    service.oxen.finish(TaskId("oxen-0"))
    service.collect(job.id)
    service.cancel_job(job)


def is_not_started_in_time(service: MemoryService) -> None:
    job = service.admit(start_within=timedelta(seconds=30))
    service.time.sleep(30)
    service.send_off(job)


def is_not_finished_in_time(service: MemoryService) -> None:
    job = service.submit(n=2, finish_within=timedelta(minutes=5))
    service.time.sleep(300)
    service.collect(job.id)
    service.apixo.finish_all()
    service.collect(job.id)


def brings_more_than_was_asked(service: MemoryService) -> None:
    """Ten images of an attempt that was given up, beside ten of the next."""
    service.apixo.loses_answers = True
    job = service.submit(n=10)
    service.time.sleep(15 * 60)
    failed = service.collect(job.id)
    service.apixo.loses_answers = False
    service.retry(failed)
    service.deliver_messages()
    service.apixo.finish_all()
    service.collect(job.id)
    service.collect_result(job.id, hint=TaskHint(attempt=1, task_id=TaskId("apixo-0")))


STORIES: dict[Story, list[str]] = {
    succeeds: ["job.accepted", "job.submitted", "job.succeeded"],
    succeeds_without_a_price: ["job.accepted", "job.submitted", "job.succeeded"],
    is_partial: ["job.accepted", "job.submitted", "job.partial"],
    is_refused: ["job.accepted", "job.failed"],
    fails_at_the_provider: ["job.accepted", "job.submitted", "job.failed"],
    is_labelled: ["job.accepted"],
    is_cancelled_and_made_all_the_same: [
        "job.accepted",
        "job.submitted",
        "job.cancelled",
        "job.late_result",
    ],
    is_cancelled_with_half_its_images: ["job.accepted", "job.submitted", "job.cancelled"],
    is_not_started_in_time: ["job.accepted", "job.expired"],
    is_not_finished_in_time: ["job.accepted", "job.submitted", "job.expired", "job.late_result"],
    brings_more_than_was_asked: [
        "job.accepted",
        "job.failed",
        "job.submitted",
        "job.succeeded",
        "job.late_result",
    ],
}


def announced(story: Story) -> list[dict[str, Any]]:
    service = MemoryService()
    story(service)
    return [json.loads(event.detail) for event in service.store.announced.values()]


def an_event() -> dict[str, Any]:
    return announced(succeeds)[-1]


def complaints(event: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(event)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_what_is_announced_fits_the_schema(story: Story) -> None:
    events = announced(story)

    assert [event["type"] for event in events] == STORIES[story]
    assert [complaints(event) for event in events] == [[] for _ in events]


def test_every_type_of_the_schema_is_told_by_a_story() -> None:
    told = {kind for kinds in STORIES.values() for kind in kinds}

    assert told == set(SCHEMA["properties"]["type"]["enum"])


def test_the_schema_knows_every_reason_of_the_code() -> None:
    error = SCHEMA["$defs"]["error"]["properties"]

    assert error["code"]["enum"] == [code.value for code in ErrorCode]
    assert error["who"]["enum"] == [who.value for who in Who]


def objects_in(node: object, path: str = "") -> dict[str, dict[str, Any]]:
    """Return the sub-schemas that describe an object's properties in full."""
    if not isinstance(node, dict):
        return {}
    here = {path: node} if node.get("type") == "object" and "properties" in node else {}
    for name, value in node.items():
        here |= objects_in(value, f"{path}/{name}")
    return here


def test_no_object_of_the_schema_is_open() -> None:
    objects = objects_in(SCHEMA)

    assert len(objects) == 5
    for schema in objects.values():
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": "job.accepted"}, id="another type's state"),
        pytest.param({"type": "job.unheard_of"}, id="unknown type"),
        pytest.param({"created_at": "2026-11-20T12:00:00Z"}, id="no milliseconds"),
        pytest.param({"prompt": "a fox"}, id="one field more"),
        pytest.param({"id": "job_01M7WD7TG0000G40R40M30E209"}, id="another kind of id"),
    ],
)
def test_the_schema_refuses_another_event(change: dict[str, Any]) -> None:
    assert complaints(an_event() | change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "processing"}, id="not finished"),
        pytest.param({"completed_at": None}, id="no end"),
        pytest.param({"images": []}, id="no image"),
        pytest.param(
            {"cost": {"estimated_usd": 0.07, "charged_usd": None, "complete": False}},
            id="money as a number",
        ),
        pytest.param({"status": "cancelled"}, id="another end"),
        pytest.param({"error": {"code": "odd"}}, id="another error"),
        pytest.param({"metadata": {"order": 7}}, id="metadata that is no text"),
        pytest.param({"input": {}}, id="one field more"),
    ],
)
def test_the_schema_refuses_another_job(change: dict[str, Any]) -> None:
    event = an_event()
    event["data"] |= change

    assert complaints(event)
