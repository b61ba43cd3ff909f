"""What providers sent about a job, for people to read."""

import json

import pytest

from functions.manage.handler import create_app
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService

PAYLOAD_LIMIT = 6_291_556  # of Lambda's answers


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def callbacks(service: MemoryService, job_id: str, *, key: str) -> Answer:
    event = http_event("GET", f"/v1/jobs/{job_id}/callbacks", key=key)
    return Answer.of(create_app(service).resolve(event, AnyContext()))


def test_callbacks_are_shown_as_they_came_the_newest_first(
    service: MemoryService, key: str
) -> None:
    job = service.submit()
    service.archive.keep(job.id, attempt=1, body=b'{"state": "processing"}')
    service.time.sleep(7)
    service.archive.keep(job.id, attempt=1, body='{"state": "ok 🦊"}'.encode())

    shown = callbacks(service, job.id, key=key).json

    assert shown["data"] == [
        {
            "object": "callback",
            "at": "2026-11-20T12:00:07.000Z",
            "attempt": 1,
            "bytes": 20,
            "body": '{"state": "ok 🦊"}',
        },
        {
            "object": "callback",
            "at": "2026-11-20T12:00:00.000Z",
            "attempt": 1,
            "bytes": 23,
            "body": '{"state": "processing"}',
        },
    ]


def test_one_that_came_again_is_as_new_as_the_last_time(service: MemoryService, key: str) -> None:
    job = service.submit()
    for body in (b"a", b"b", b"a"):
        service.archive.keep(job.id, attempt=1, body=body)
        service.time.sleep(1)

    shown = callbacks(service, job.id, key=key).json

    assert [one["body"] for one in shown["data"]] == ["a", "b"]


def test_no_more_than_twenty_are_shown(service: MemoryService, key: str) -> None:
    job = service.submit()
    for number in range(25):
        service.archive.keep(job.id, attempt=1, body=b"%d" % number)
        service.time.sleep(1)

    shown = callbacks(service, job.id, key=key).json

    assert [one["body"] for one in shown["data"]] == [f"{n}" for n in range(24, 4, -1)]


def test_what_is_no_text_is_made_readable(service: MemoryService, key: str) -> None:
    job = service.submit()
    service.archive.keep(job.id, attempt=1, body=b"a\xff\x00\x1b[1m\tb\n")

    shown = callbacks(service, job.id, key=key).json

    assert shown["data"][0]["body"] == "a\ufffd\ufffd\ufffd[1m\tb\n"


@pytest.mark.parametrize("letter", [b'"', b"\x00", b"\xff", b"\n", b"\\", "🦊".encode()])
def test_the_largest_answer_fits_into_what_lambda_takes(
    service: MemoryService, key: str, letter: bytes
) -> None:
    job = service.submit()
    for number in range(20):
        body = (b"%02d" % number + letter * 70_000)[: 70 * 1024]
        service.archive.keep(job.id, attempt=1, body=body)

    event = http_event("GET", f"/v1/jobs/{job.id}/callbacks", key=key)
    answer = create_app(service).resolve(event, AnyContext())

    assert answer["statusCode"] == 200
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < PAYLOAD_LIMIT


def test_a_job_that_nobody_called_back_has_none(service: MemoryService, key: str) -> None:
    other = service.submit()
    service.archive.keep(other.id, attempt=1, body=b"not yours")

    assert callbacks(service, service.submit().id, key=key).json == {"object": "list", "data": []}


def test_another_tenants_callbacks_are_nobody_elses(service: MemoryService, key: str) -> None:
    job = service.submit(key=service.a_key(tenant="other"))
    service.archive.keep(job.id, attempt=1, body=b"secret")

    answer = callbacks(service, job.id, key=key)

    assert (answer.status, answer.json["code"]) == (404, "job_not_found")
