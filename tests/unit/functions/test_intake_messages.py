"""Messages of the intake queue: objects that landed, jobs asked for, and steps of batches."""

import json
from typing import Any

import pytest

from functions.intake import handler
from functions.intake.handler import intake
from shared.domain.job import Job
from tests.http_events import AnyContext
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.living import announced

CAT = "edits/cat.png"
FILE = "batches/two.jsonl"
FOX = {"model": "seedream-4.5", "prompt": "a fox"}


def landed(key: str, **more: Any) -> str:
    """Return the bucket's message about an object, as the event bus hands it on."""
    event = {
        "id": "e1",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-11-20T12:00:00Z",
        "detail": {"bucket": {"name": "uploads"}, "object": {"key": key}},
    }
    return json.dumps(event | more)


def requested(body: object) -> str:
    return landed("", source="shop", detail=body, **{"detail-type": "job.requested"})


def jobs_of(service: MemoryService) -> list[Job]:
    return list(service.jobs.newest("default", limit=100, cursor=None).jobs)


def test_a_picture_with_its_prompt_becomes_a_job(service: MemoryService) -> None:
    service.drops.drop(CAT, a_png(), prompt="at night")

    intake(service, landed(CAT))

    (job,) = jobs_of(service)
    assert (job.source, job.input.prompt) == (CAT, "at night")


def test_a_picture_without_one_comes_back_when_a_sidecar_had_its_time(
    service: MemoryService,
) -> None:
    service.drops.drop("edits/_recipe.json", b'{"prompt": "by recipe"}')
    service.drops.drop(CAT, a_png())

    intake(service, landed(CAT))
    ((message, seconds),) = service.to_intake.later
    assert (seconds, jobs_of(service)) == (60, [])
    intake(service, message)

    assert [job.input.prompt for job in jobs_of(service)] == ["by recipe"]
    assert len(service.to_intake.later) == 1


def test_an_event_that_asks_for_a_job_gets_one(service: MemoryService) -> None:
    intake(service, requested(FOX))

    assert [job.input.prompt for job in jobs_of(service)] == ["a fox"]


def test_what_is_refused_is_announced_and_done_with(service: MemoryService) -> None:
    intake(service, requested({"model": "nonsense", "prompt": "x"}))
    intake(service, landed(FILE))

    assert announced(service) == ["intake.refused"] * 2
    assert jobs_of(service) == []


def test_a_list_becomes_a_batch_and_its_steps_come_by_the_same_queue(
    service: MemoryService,
) -> None:
    service.drops.drop(FILE, b"\n".join(2 * [json.dumps(FOX).encode()]))

    intake(service, landed(FILE))
    ((tenant, batch_id),) = service.to_batches.messages
    intake(service, json.dumps({"tenant": tenant, "batch_id": batch_id}))

    assert service.batches.get(tenant, batch_id).accepted == 2
    assert len(service.to_dispatch.messages) == len(jobs_of(service)) == 2


@pytest.mark.parametrize(
    "body",
    ["", "no json", "[]", "{}", '{"tenant": 1}', "[" * 100_000, landed(CAT, source="aws.ec2")],
)
def test_what_is_no_event_for_us_is_done_with(service: MemoryService, body: str) -> None:
    intake(service, body)

    assert (jobs_of(service), announced(service), service.to_intake.later) == ([], [], [])


def test_one_message_that_fails_comes_back_alone(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "_service", lambda: service)
    bodies = {"fox": requested(FOX), "unknown": '{"tenant": "default", "batch_id": "batch_0"}'}
    records = [{"messageId": name, "body": body} for name, body in bodies.items()]

    answer = handler.lambda_handler({"Records": records}, AnyContext())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "unknown"}]}
    assert len(jobs_of(service)) == 1
