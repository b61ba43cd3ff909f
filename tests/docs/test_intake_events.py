"""What intake and batches announce is what their schemas in events/schemas/ promise."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain.edits import Drop
from shared.usecases.admit_job import Wish
from shared.usecases.start_batch import BatchWish
from tests.memory_service import MemoryService

INTAKE, BATCH = (
    json.loads(Path(f"events/schemas/{name}-event.json").read_bytes())
    for name in ("intake", "batch")
)


def last_detail(service: MemoryService) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(list(service.store.announced.values())[-1].detail)
    return detail


def complaints(schema: object, detail: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(detail)]


@pytest.mark.parametrize("schema", [INTAKE, BATCH], ids=["intake", "batch"])
def test_the_schema_is_one(schema: object) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("content", [b"", b"no picture", None], ids=["empty", "odd", "gone"])
def test_a_refusal_fits_its_schema(content: bytes | None) -> None:
    service = MemoryService()
    if content is not None:
        service.drops.drop("edits/a.png", content, prompt="x")
    drop = Drop(bucket="uploads", key="edits/a.png", version_id=None, at=service.clock.now())

    service.take_drop(drop, read_wish=lambda _: pytest.fail("never read"), waited=True)

    detail = last_detail(service)
    assert complaints(INTAKE, detail) == []
    assert complaints(INTAKE, detail | {"stage": "dev"})


def test_the_end_of_a_batch_fits_its_schema() -> None:
    service = MemoryService()

    def read_wish(request: bytes) -> Wish:
        return read(JobRequest, request).wish(service.clock.now())

    service.drops.drop("batches/a.jsonl", b"not a request")
    batch = service.start_batch(BatchWish(key="batches/a.jsonl"), key=service.a_key())
    service.run_batch(batch.tenant, batch.id, read_wish=read_wish)

    detail = last_detail(service)
    assert complaints(BATCH, detail) == []
    assert complaints(BATCH, detail | {"stage": "dev"})
