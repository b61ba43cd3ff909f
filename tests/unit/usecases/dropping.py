"""Objects that land in a folder, and events that ask: how a test lets them, and what came of it."""

import json

from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain.edits import Drop
from shared.domain.events import Event
from shared.domain.job import Job
from shared.usecases.admit_job import Wish
from shared.usecases.taken import Taken
from tests.memory_service import MemoryService

CAT = "edits/animals/cat.png"
SAY = json.dumps({"prompt": "at night"}).encode()


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


def ask(service: MemoryService, body: object, *, event_id: str = "e1") -> Taken:
    """Let the function hear an event that asks for a job."""

    def read_wish(request: bytes) -> Wish:
        return read(JobRequest, request).wish(service.clock.now())

    content = json.dumps(body).encode()
    return service.take_request(event_id, content, at=service.clock.now(), read_wish=read_wish)
