"""`dry_run: true` on any way in but POST /v1/jobs: refused by name, and nothing is made or paid."""

import json
from typing import Any, Protocol

import pytest

from functions.intake.handler import intake
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import post
from tests.unit.functions.image_calls import edit
from tests.unit.functions.test_intake import an_event, jobs_of, landed, refusals

FOX: dict[str, Any] = {"model": "seedream-4.5", "prompt": "a fox"}
REFUSED = [{"pointer": "/dry_run", "message": "dry_run is for POST /v1/jobs"}]


class WayIn(Protocol):
    def __call__(self, service: MemoryService, dry_run: object) -> None: ...


def by_metadata(service: MemoryService, dry_run: object) -> None:
    said = {} if dry_run is None else {"dry-run": json.dumps(dry_run)}
    service.drops.drop("edits/cat.png", a_png(), prompt="at night", **said)
    intake(service, landed("edits/cat.png"))


def by_sidecar(service: MemoryService, dry_run: object) -> None:
    sidecar = json.dumps({"prompt": "at night", "dry_run": dry_run}).encode()
    service.drops.drop("edits/cat.png.json", sidecar)
    service.drops.drop("edits/cat.png", a_png())
    intake(service, landed("edits/cat.png"))


def by_recipe(service: MemoryService, dry_run: object) -> None:
    recipe = json.dumps({"prompt": "at night", "dry_run": dry_run}).encode()
    service.drops.drop("edits/_recipe.json", recipe)
    service.drops.drop("edits/cat.png", a_png())
    service.time.sleep(60)
    intake(service, landed("edits/cat.png"))


def by_event(service: MemoryService, dry_run: object) -> None:
    intake(service, an_event("job.requested", FOX | {"dry_run": dry_run}))


def by_batch(service: MemoryService, name: str, content: bytes) -> list[dict[str, Any]]:
    """Run a batch of one line; return its report."""
    service.drops.drop(f"batches/{name}", content)
    intake(service, landed(f"batches/{name}"))
    for _ in range(5):
        for tenant, batch_id in list(service.to_batches.messages):
            intake(service, json.dumps({"tenant": tenant, "batch_id": batch_id}))
    reports = [
        text for key, text in service.bucket.objects.items() if key.endswith(".report.jsonl")
    ]
    return [json.loads(line) for text in reports for line in text.splitlines()]


def errors(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: one[name] for name in ("pointer", "message")} for one in found]


SINGLE = [by_metadata, by_sidecar, by_recipe, by_event]


@pytest.mark.parametrize("way_in", SINGLE)
def test_a_dry_run_is_refused_by_name_and_makes_nothing(
    service: MemoryService, way_in: WayIn
) -> None:
    way_in(service, dry_run=True)

    (refusal,) = refusals(service)
    assert refusal["code"] == "invalid_request"
    assert errors(refusal["errors"]) == REFUSED
    assert not list(jobs_of(service))
    assert not service.to_dispatch.messages


@pytest.mark.parametrize("way_in", SINGLE)
@pytest.mark.parametrize("dry_run", [False, None])
def test_no_dry_run_is_a_job_as_any_other(
    service: MemoryService, way_in: WayIn, dry_run: object
) -> None:
    way_in(service, dry_run)

    assert len(list(jobs_of(service))) == 1
    assert not refusals(service)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.jsonl", json.dumps(FOX | {"dry_run": True}).encode()),
        ("one.csv", b"model,prompt,dry_run\nseedream-4.5,a fox,TRUE\n"),
    ],
)
def test_a_line_of_a_batch_that_asks_for_a_dry_run_is_refused_by_name(
    service: MemoryService, name: str, content: bytes
) -> None:
    (line,) = by_batch(service, name, content)

    assert errors(line["error"]["errors"]) == REFUSED
    assert not list(jobs_of(service))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.jsonl", json.dumps(FOX | {"dry_run": False}).encode()),
        ("one.jsonl", json.dumps(FOX | {"dry_run": None}).encode()),
        ("one.csv", b"model,prompt,dry_run\nseedream-4.5,a fox,false\n"),
        ("one.csv", b"model,prompt,dry_run\nseedream-4.5,a fox,\n"),
    ],
)
def test_a_line_of_a_batch_that_asks_for_none_is_a_job(
    service: MemoryService, name: str, content: bytes
) -> None:
    by_batch(service, name, content)

    assert len(list(jobs_of(service))) == 1


def test_openais_generations_refuse_it_as_a_field_they_do_not_have(service: MemoryService) -> None:
    key = service.issue_key(tenant="default", name="test").text

    answer = post(service, "/v1/images/generations", FOX | {"dry_run": True}, key=key)

    assert answer.status == 400
    assert answer.json["error"]["param"] == "dry_run"
    assert not list(jobs_of(service))


def test_an_openai_edit_refuses_it_too(service: MemoryService) -> None:
    key = service.issue_key(tenant="default", name="test").text

    answer = edit(service, key, ("image", a_png()), ("dry_run", "true"))

    assert answer.status == 400
    assert answer.json["error"]["param"] == "dry_run"
    assert not list(jobs_of(service))
