"""Callbacks: only who holds the token is heard, and what he says is only a hint."""

import json
from typing import Any

import pytest

from functions.callback.handler import handle
from shared.domain.ids import JobId, TaskId
from shared.domain.status import JobStatus
from shared.ports.callbacks import KeptCallback
from shared.ports.messages import TaskHint
from tests.http_events import Answer, http_event
from tests.memory_service import MemoryService

BODY = json.dumps({"code": 200, "data": {"taskId": "apixo-0", "state": "success"}})


def callback_path(service: MemoryService) -> dict[str, str]:
    """Submit a job and return the parts of the callback URL that the provider got."""
    service.submit()
    (task,) = service.apixo.tasks.values()
    parts = (task.order.callback_url or "").split("/")
    return dict(zip(("provider", "job_id", "attempt", "token"), parts[-4:], strict=True))


def send(service: MemoryService, path: dict[str, str], body: str | bytes = BODY) -> Answer:
    event = http_event("POST", "/v1/callbacks", body=body, path_parameters=path)
    return Answer.of(handle(service, event))


def test_a_genuine_callback_is_kept_and_handed_on(service: MemoryService) -> None:
    path = callback_path(service)

    assert send(service, path).status == 200
    assert service.archive.kept == [
        KeptCallback(job_id=JobId(path["job_id"]), attempt=1, body=BODY.encode())
    ]
    assert list(service.to_collect.messages) == [
        (path["job_id"], TaskHint(attempt=1, task_id=TaskId("apixo-0")))
    ]


def test_a_callback_leads_to_the_stored_image(service: MemoryService) -> None:
    path = callback_path(service)
    service.apixo.finish_all()

    send(service, path)
    service.deliver_messages()

    (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
    assert job.status is JobStatus.SUCCEEDED


def test_a_callback_that_lies_changes_nothing(service: MemoryService) -> None:
    send(service, callback_path(service))  # the task still runs
    service.deliver_messages()

    (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
    assert job.status is JobStatus.PROCESSING


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "oxen"},
        {"job_id": "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"attempt": "2"},
        {"attempt": "01"},
        {"attempt": "²"},
        {"attempt": "-1"},
        {"attempt": "9" * 5000},
        {"token": ""},
        {"token": "k1.9999999999." + "A" * 43},
        {"token": "é.9999999999." + "é" * 43},
        {"token": "k2.1800000000." + "A" * 43},
    ],
)
def test_a_forged_callback_is_told_nothing_and_does_nothing(
    service: MemoryService, change: dict[str, Any]
) -> None:
    path = callback_path(service)

    answer = send(service, path | change)

    assert (answer.status, answer.body) == (404, '{"code":"not_found"}')
    assert service.archive.kept == []
    assert not service.to_collect.messages


def test_a_token_is_worth_nothing_after_its_time(service: MemoryService) -> None:
    path = callback_path(service)

    service.time.sleep(3 * 24 * 3600)

    assert send(service, path).status == 404


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"data": 7}', "[" * 100_000, b"\xff\xfe", '{"data":{"taskId":7}}'],
)
def test_a_genuine_callback_with_any_body_is_taken(
    service: MemoryService, body: str | bytes
) -> None:
    assert send(service, callback_path(service), body).status == 200
    assert service.to_collect.messages[0][1] is None


def test_of_a_large_body_the_first_64_kilobytes_are_kept(service: MemoryService) -> None:
    send(service, callback_path(service), "x" * 1_000_000)

    assert len(service.archive.kept[0].body) == 64 * 1024


class Broken:
    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise ConnectionError(name)

        return fail


def test_an_archive_that_is_down_does_not_stop_a_callback(service: MemoryService) -> None:
    path = callback_path(service)
    service.callback_archive = Broken()

    assert send(service, path).status == 200
    assert service.to_collect.messages


def test_a_queue_that_is_down_does_not_stop_a_callback(service: MemoryService) -> None:
    path = callback_path(service)
    service.collect_queue = Broken()

    assert send(service, path).status == 200
    assert service.archive.kept


def test_with_archive_and_queue_down_the_provider_is_asked_to_try_again(
    service: MemoryService,
) -> None:
    path = callback_path(service)
    service.callback_archive = service.collect_queue = Broken()

    assert send(service, path).status == 503
