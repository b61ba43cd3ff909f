"""A page of jobs is full of links: who takes gzip gets it in a fraction."""

import base64
import gzip
import json
from typing import Any

from functions.manage.handler import create_app
from tests.http_events import AnyContext, http_event
from tests.memory_service import MemoryService


def listed(service: MemoryService, **headers: str) -> dict[str, Any]:
    key = service.issue_key(tenant="default", name="test").text
    event = http_event("GET", "/v1/jobs", key=key)
    event["headers"] |= headers
    return create_app(service).resolve(event, AnyContext())


def test_a_page_of_jobs_is_packed_for_who_takes_it(service: MemoryService) -> None:
    jobs = [service.submit() for _ in range(3)]

    packed = listed(service, **{"accept-encoding": "gzip"})
    plain = listed(service)

    text = gzip.decompress(base64.b64decode(packed["body"]))
    assert packed["headers"]["Content-Encoding"] == "gzip"
    assert json.loads(text) == json.loads(plain["body"])
    assert len(json.loads(text)["data"]) == len(jobs)
    assert len(packed["body"]) < len(plain["body"]) / 3
