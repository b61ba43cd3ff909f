"""A batch, taken step by step, and its report."""

import json
from typing import Any

from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain.batch import Batch
from shared.usecases.admit_job import Wish
from shared.usecases.start_batch import BatchWish
from tests.memory_service import MemoryService

FILE = "batches/week 47.jsonl"


def rows(*prompts: str, **fields: object) -> bytes:
    requests = ({"model": "seedream-4.5", "prompt": prompt, **fields} for prompt in prompts)
    return b"\n".join(json.dumps(request).encode() for request in requests)


def start(service: MemoryService, content: bytes, *, key: str = FILE, **wish: object) -> Batch:
    service.drops.drop(key, content)
    return service.start_batch(BatchWish(key=key, **wish), key=service.a_key())  # type: ignore[arg-type]  # by name


def step(service: MemoryService, batch: Batch) -> Batch:
    def read_wish(request: bytes) -> Wish:
        return read(JobRequest, request).wish(service.clock.now())

    return service.run_batch(batch.tenant, batch.id, read_wish=read_wish)


def go_on(service: MemoryService, batch: Batch) -> Batch:
    """Let steps be taken and everything that was sent be made, until the batch is over."""
    for _ in range(60):
        batch = move(service, batch)
        if batch.is_over:
            return batch
    raise AssertionError(f"{batch.id} does not come to an end")


def move(service: MemoryService, batch: Batch) -> Batch:
    """Let one step be taken, and everything that is in flight after it be made."""
    batch = step(service, batch)
    service.deliver_messages()
    service.apixo.finish_all()
    for number in batch.in_flight:
        service.collect(batch.job_id(number))
    return batch


def report(service: MemoryService, name: str = "week 47") -> list[dict[str, Any]]:
    content = service.bucket.objects[f"batches/{name}.report.jsonl"]
    return [json.loads(line) for line in content.splitlines()]
