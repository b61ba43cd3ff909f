"""The routes that change a job: cancel, retry, delete; and the replay of callbacks."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.manage.handler import create_app
from shared.domain.errors import ErrorCode, Fault, VersionConflict
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.ports.messages import TaskHint
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, MemoryService

type Call = Callable[..., Answer]

POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")
ROUTES = [("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")]
UNKNOWN = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


@pytest.fixture
def call(service: MemoryService, key: str) -> Call:
    app = create_app(service)

    def send(method: str, path: str, *, key: str | None = key, body: str | None = None) -> Answer:
        event = http_event(method, path, key=key, body=body)
        return Answer.of(app.resolve(event, AnyContext()))

    return send


def failed(service: MemoryService) -> Job:
    job = service.submit()
    service.apixo.fail(list(service.apixo.tasks)[-1], POLICY)
    return service.collect(job.id)


def succeeded(service: MemoryService) -> Job:
    job = service.submit()
    service.apixo.finish_all()
    return service.collect(job.id)


# --- cancel


def test_a_cancelled_job_is_shown_as_it_is_now(service: MemoryService, call: Call) -> None:
    job = service.submit()

    answer = call("POST", f"/v1/jobs/{job.id}/cancel")

    assert answer.status == 200
    assert (answer.json["id"], answer.json["status"]) == (job.id, "cancelled")
    assert answer.json["completed_at"] is not None
    assert answer.json["timeline"][-1]["status"] == "cancelled"


def test_cancelling_is_good_in_every_state_and_as_often_as_asked(
    service: MemoryService, call: Call
) -> None:
    jobs = [service.admit(), service.submit(), failed(service), succeeded(service)]

    for job in jobs:
        answers = [call("POST", f"/v1/jobs/{job.id}/cancel") for _ in range(2)]

        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].body == answers[1].body


def test_what_a_cancelled_job_still_brought_is_shown_with_its_cost(
    service: MemoryService, call: Call
) -> None:
    job = service.submit()
    service.apixo.finish_all()
    call("POST", f"/v1/jobs/{job.id}/cancel")
    service.deliver_messages()

    shown = call("GET", f"/v1/jobs/{job.id}").json

    assert (shown["status"], shown["late"]) == ("cancelled", True)
    assert (shown["delivered_images"], shown["cost"]["charged_usd"]) == (1, "0.0350")
    assert call("GET", f"/v1/jobs/{job.id}/images/0").status == 302


def test_a_job_that_was_never_sent_is_shown_with_no_cost_at_all(
    service: MemoryService, call: Call
) -> None:
    job = service.admit()

    shown = call("POST", f"/v1/jobs/{job.id}/cancel").json

    assert shown["attempts"] == []
    assert shown["cost"]["charged_usd"] == "0"


# --- retry


def test_a_retried_job_is_accepted_and_keeps_its_first_attempt(
    service: MemoryService, call: Call
) -> None:
    job = failed(service)

    answer = call("POST", f"/v1/jobs/{job.id}/retry")
    service.deliver_messages()
    shown = call("GET", f"/v1/jobs/{job.id}").json

    assert answer.status == 202
    assert (answer.json["id"], answer.json["status"]) == (job.id, "queued")
    assert (answer.json["error"], answer.json["completed_at"]) == (None, None)
    assert [attempt["number"] for attempt in shown["attempts"]] == [1, 2]
    assert shown["attempts"][0]["error"]["code"] == "content_policy"
    assert [attempt["task_ids"] for attempt in shown["attempts"]] == [["apixo-0"], ["apixo-1"]]


@pytest.mark.parametrize("state", ["queued", "processing", "succeeded", "cancelled"])
def test_a_job_that_cannot_be_retried_is_a_conflict_that_names_its_state(
    service: MemoryService, call: Call, state: str
) -> None:
    job = succeeded(service) if state == "succeeded" else service.admit()
    if state == "processing":
        service.dispatch_attempt(job.id)
    if state == "cancelled":
        service.cancel_job(job)
    before = service.jobs.get(job.id)

    answer = call("POST", f"/v1/jobs/{job.id}/retry")

    assert (answer.status, answer.json["code"]) == (409, "invalid_state")
    assert (answer.json["who"], answer.json["retryable"]) == ("client", False)
    assert state in answer.json["detail"]
    assert service.jobs.get(job.id) == before


# --- in each other's way


def test_who_is_beaten_every_time_is_told_to_come_again_in_a_second(
    service: MemoryService, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.admit()

    def beaten(_: Job, *, was: Job, **_limits: Limits) -> None:
        raise VersionConflict(f"{was.id} has moved")

    monkeypatch.setattr(service.store, "save", beaten)

    answer = call("POST", f"/v1/jobs/{job.id}/cancel")

    assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert (answer.json["who"], answer.json["retryable"]) == ("seedhook", True)
    assert answer.headers["retry-after"] == "1"


def test_a_state_that_will_not_change_is_no_reason_to_come_again(
    service: MemoryService, call: Call
) -> None:
    answer = call("POST", f"/v1/jobs/{service.admit().id}/retry")

    assert (answer.status, answer.json["code"]) == (409, "invalid_state")
    assert "retry-after" not in answer.headers


# --- delete


def test_a_deleted_job_is_gone_with_its_images(service: MemoryService, call: Call) -> None:
    job = succeeded(service)

    answer = call("DELETE", f"/v1/jobs/{job.id}")

    assert (answer.status, answer.body) == (204, "")
    assert call("GET", f"/v1/jobs/{job.id}").status == 404
    assert call("GET", f"/v1/jobs/{job.id}/images/0").status == 404
    assert call("GET", "/v1/jobs").json["data"] == []
    assert service.bucket.objects == {}


def test_deleting_twice_finds_nothing_the_second_time(service: MemoryService, call: Call) -> None:
    job = succeeded(service)
    call("DELETE", f"/v1/jobs/{job.id}")

    assert call("DELETE", f"/v1/jobs/{job.id}").status == 404


def test_a_job_under_way_is_not_deleted(service: MemoryService, call: Call) -> None:
    job = service.submit()

    answer = call("DELETE", f"/v1/jobs/{job.id}")

    assert (answer.status, answer.json["code"]) == (409, "invalid_state")
    assert "cancel" in answer.json["detail"]
    assert call("GET", f"/v1/jobs/{job.id}").status == 200


# --- whose


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_tenants_job_does_not_exist_and_stays_as_it_is(
    service: MemoryService, call: Call, method: str, path: str
) -> None:
    job = service.submit(key=service.a_key(tenant="other"))
    service.apixo.fail(TaskId("apixo-0"), POLICY)
    job = service.collect(job.id)

    answer = call(method, f"/v1/jobs/{job.id}{path}")

    assert (answer.status, answer.json["code"]) == (404, "job_not_found")
    assert service.jobs.get(job.id) == job
    nobody = call(method, f"/v1/jobs/{UNKNOWN}{path}")
    assert answer.json | {"detail": ""} == nobody.json | {"detail": ""}


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", [None, "", "nonsense", ADMIN_KEY])
def test_without_a_tenants_key_nothing_is_changed(
    service: MemoryService, call: Call, method: str, path: str, key: str | None
) -> None:
    job = failed(service)

    answer = call(method, f"/v1/jobs/{job.id}{path}", key=key)

    assert answer.status == 401
    assert service.jobs.get(job.id) == job


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("job_id", ["x", "job_", "../admin", "%00", "🦊", "job_" + "A" * 500])
def test_an_id_that_is_none_is_not_found(call: Call, method: str, path: str, job_id: str) -> None:
    assert call(method, f"/v1/jobs/{job_id}{path}").status == 404


# --- replay


def replay(call: Call, *, key: str = ADMIN_KEY, **request: object) -> Answer:
    return call("POST", "/v1/callbacks/replay", key=key, body=json.dumps(request))


def keep(service: MemoryService, job_id: str, task_id: str = "apixo-0") -> None:
    body = json.dumps({"data": {"taskId": task_id}}).encode()
    service.archive.keep(JobId(job_id), attempt=1, body=body)


def test_kept_callbacks_are_handed_on_once_more(service: MemoryService, call: Call) -> None:
    job = service.submit()
    keep(service, job.id)

    answer = replay(call)

    assert (answer.status, answer.json) == (200, {"replayed": 1, "cursor": None})
    assert list(service.to_collect.messages) == [
        (job.id, TaskHint(attempt=1, task_id=TaskId("apixo-0")))
    ]


def test_they_can_be_those_of_one_job_and_come_page_by_page(
    service: MemoryService, call: Call
) -> None:
    job, other = service.submit(), service.submit()
    for number in range(150):
        keep(service, job.id, f"task-{number}")
    keep(service, other.id)

    first = replay(call, job=job.id).json
    second = replay(call, job=job.id, cursor=first["cursor"]).json

    assert (first["replayed"], second) == (100, {"replayed": 50, "cursor": None})
    assert {job_id for job_id, _ in service.to_collect.messages} == {job.id}


def test_only_the_admin_key_replays(service: MemoryService, call: Call, key: str) -> None:
    keep(service, service.submit().id)

    assert replay(call, key=key).status == 403
    assert call("POST", "/v1/callbacks/replay", key=None, body="{}").status == 401
    assert not service.to_collect.messages


@pytest.mark.parametrize(
    ("request_", "pointer"),
    [
        ({"job": "x"}, "/job"),
        ({"job": UNKNOWN + "\n"}, "/job"),
        ({"job": 7}, "/job"),
        ({"cursor": "x" * 1025}, "/cursor"),
        ({"cursor": ""}, "/cursor"),
        ({"cursor": "seven"}, "/cursor"),
        ({"cursor": "-1"}, "/cursor"),
        ({"job": UNKNOWN, "cursor": "\u0000"}, "/cursor"),
        ({"limit": 5}, "/limit"),
    ],
)
def test_a_replay_of_what_cannot_be_is_refused_by_field(
    call: Call, request_: dict[str, Any], pointer: str
) -> None:
    answer = replay(call, **request_)

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_replay_of_an_unknown_job_replays_nothing(call: Call) -> None:
    assert replay(call, job=UNKNOWN).json == {"replayed": 0, "cursor": None}
