"""Managing webhooks and deliveries over HTTP."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.manage.handler import create_app
from shared.domain.ids import WebhookId
from shared.domain.webhook_signature import signed_headers
from shared.ports.webhooks import Reply
from shared.usecases.webhooks import MOST
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import NOW, MemoryService

type Call = Callable[..., Answer]

URL = "https://shop.example/hook"
SINCE = {"since": "2026-11-20T00:00:00Z"}
VIEW = {
    "id",
    "object",
    "url",
    "events",
    "description",
    "enabled",
    "disabled_because",
    "failing_since",
    "warnings",
    "created_at",
    "updated_at",
}


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


@pytest.fixture
def call(service: MemoryService, key: str) -> Call:
    app = create_app(service)

    def send(
        method: str, path: str, body: object = None, *, key: str | None = key, **parts: Any
    ) -> Answer:
        text = None if body is None else json.dumps(body)
        event = http_event(method, path, body=text, key=key, **parts)
        return Answer.of(app.resolve(event, AnyContext()))

    return send


def created(call: Call, **fields: object) -> dict[str, Any]:
    answer = call("POST", "/v1/webhooks", {"url": URL} | fields)
    assert answer.status == 201, answer.body
    return answer.json


def delivered(service: MemoryService) -> None:
    service.publish_events(list(service.store.announced.values()))
    while service.to_deliver.messages:
        service.deliver_webhook(service.to_deliver.messages.popleft())


def test_the_secret_is_told_at_creation_and_never_again(call: Call) -> None:
    webhook = created(call, events=["job.succeeded"], description="the shop")

    shown = call("GET", f"/v1/webhooks/{webhook['id']}").json

    assert set(shown) == VIEW
    assert webhook == shown | {"secret": webhook["secret"]}
    assert signed_headers([webhook["secret"]], message_id="x", at=NOW, body=b"")
    assert webhook["secret"] not in call("GET", "/v1/webhooks").body


def test_they_are_listed_oldest_first(service: MemoryService, call: Call) -> None:
    ids = []
    for _ in range(3):
        ids.append(created(call)["id"])
        service.time.sleep(1)

    assert [one["id"] for one in call("GET", "/v1/webhooks").json["data"]] == ids


def test_what_is_named_is_changed_and_the_rest_stays(call: Call) -> None:
    webhook = created(call, events=["job.failed"], description="the shop")

    changed = call("PATCH", f"/v1/webhooks/{webhook['id']}", {"events": [], "enabled": False}).json

    assert (changed["events"], changed["enabled"]) == ([], False)
    assert (changed["url"], changed["description"]) == (URL, "the shop")


def test_rotation_tells_the_new_secret(service: MemoryService, call: Call) -> None:
    webhook = created(call)

    rotated = call("POST", f"/v1/webhooks/{webhook['id']}/rotate").json

    kept = service.webhooks.get("default", WebhookId(webhook["id"]))
    assert rotated["secret"] != webhook["secret"]
    assert kept.live_secrets(NOW) == (rotated["secret"], webhook["secret"])


def test_a_removed_webhook_is_gone(call: Call) -> None:
    webhook = created(call)

    assert call("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204

    for method in ("GET", "DELETE"):
        answer = call(method, f"/v1/webhooks/{webhook['id']}")
        assert (answer.status, answer.json["code"]) == (404, "webhook_not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("POST", "/rotate", None),
        ("POST", "/recover", None),
    ],
)
def test_another_tenants_webhook_does_not_exist(
    service: MemoryService, call: Call, method: str, path: str, body: object
) -> None:
    webhook = created(call)
    stranger = service.issue_key(tenant="other", name="test").text

    answer = call(method, f"/v1/webhooks/{webhook['id']}{path}", body, key=stranger, query=SINCE)

    assert (answer.status, answer.json["code"]) == (404, "webhook_not_found")
    assert call("GET", "/v1/webhooks", key=stranger).json["data"] == []
    assert call("GET", f"/v1/webhooks/{webhook['id']}").json["enabled"] is True


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "http://shop.example/"}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": 7}, "/url"),
        ({"url": "https://shop.example/" + 2048 * "x"}, "/url"),
        ({"events": ["job.unheard_of"]}, "/events/0"),
        ({"events": ["provider.open"]}, "/events/0"),
        ({"events": 21 * ["job.failed"]}, "/events"),
        ({"description": 257 * "x"}, "/description"),
        ({"enabled": "yes"}, "/enabled"),
        ({"secret": "whsec_mine"}, "/secret"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(
    call: Call, change: dict[str, object], pointer: str
) -> None:
    webhook = created(call)
    for answer in (
        call("POST", "/v1/webhooks", {"url": URL} | change),
        call("PATCH", f"/v1/webhooks/{webhook['id']}", change),
    ):
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_one_more_than_fifty_is_a_conflict(call: Call) -> None:
    for _ in range(MOST):
        created(call)

    answer = call("POST", "/v1/webhooks", {"url": URL})

    assert (answer.status, answer.json["code"]) == (409, "too_many_webhooks")


def test_a_key_is_told_its_own_webhook_secret(service: MemoryService, call: Call) -> None:
    issued = service.issue_key(tenant="default", name="other")

    answer = call("GET", "/v1/webhooks/secret", key=issued.text)

    assert answer.json["secret"] == issued.key.webhook_secret


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/webhooks"),
        ("POST", "/v1/webhooks"),
        ("GET", "/v1/webhooks/secret"),
        ("GET", "/v1/webhooks/wh_1"),
        ("PATCH", "/v1/webhooks/wh_1"),
        ("DELETE", "/v1/webhooks/wh_1"),
        ("POST", "/v1/webhooks/wh_1/rotate"),
        ("POST", "/v1/webhooks/wh_1/recover"),
        ("GET", "/v1/deliveries"),
        ("GET", "/v1/deliveries/dlv_1"),
        ("POST", "/v1/deliveries/dlv_1/resend"),
    ],
)
def test_without_a_key_there_is_no_answer(call: Call, method: str, path: str) -> None:
    assert call(method, path, key=None).status == 401


# --- deliveries


def test_the_log_shows_request_status_answer_latency_and_next_try(
    service: MemoryService, call: Call
) -> None:
    webhook = created(call)
    service.receivers.answers[URL] = lambda _: Reply(milliseconds=7, status=500, answer="oops")
    job = service.admit()
    delivered(service)

    (shown,) = call("GET", "/v1/deliveries").json["data"]

    assert (shown["job"], shown["webhook"], shown["url"]) == (job.id, webhook["id"], URL)
    assert (shown["status"], shown["type"]) == ("pending", "job.accepted")
    (one,) = shown["tries"]
    assert one == {
        "at": "2026-11-20T12:00:00.000Z",
        "milliseconds": 7,
        "status": 500,
        "answer": "oops",
        "error": None,
    }
    assert shown["next_try_at"].startswith("2026-11-20T12:00:05")
    full = call("GET", f"/v1/deliveries/{shown['id']}").json
    assert json.loads(full.pop("body"))["id"] == shown["event"]
    assert full == shown


def test_the_log_is_filtered_by_job_webhook_and_status(service: MemoryService, call: Call) -> None:
    one, other = created(call), created(call, url="https://other.example/")
    service.receivers.answers[URL] = lambda _: Reply(milliseconds=7, status=500)
    jobs = [service.admit() for _ in range(3)]
    delivered(service)

    def ids(**query: str) -> list[tuple[str, str]]:
        data = call("GET", "/v1/deliveries", query=query).json["data"]
        return sorted((shown["job"], shown["webhook"]) for shown in data)

    assert len(ids()) == 6
    assert ids(job=jobs[0].id) == sorted([(jobs[0].id, one["id"]), (jobs[0].id, other["id"])])
    assert ids(webhook=one["id"]) == sorted((job.id, one["id"]) for job in jobs)
    assert ids(status="delivered") == sorted((job.id, other["id"]) for job in jobs)
    assert ids(status="failed") == []
    assert ids(status="pending", job=jobs[1].id) == [(jobs[1].id, one["id"])]


def test_pages_go_on_from_their_cursor_whatever_is_filtered(
    service: MemoryService, call: Call
) -> None:
    created(call)
    job = service.admit()
    for _ in range(30):
        service.time.sleep(1)
        service.admit()
    delivered(service)

    query = {"job": job.id, "limit": "1"}
    pages = [call("GET", "/v1/deliveries", query=query).json]
    while "cursor" in pages[-1]:
        more = query | {"cursor": pages[-1]["cursor"]}
        pages.append(call("GET", "/v1/deliveries", query=more).json)

    assert [one["job"] for page in pages for one in page["data"]] == [job.id]
    assert len(pages) > 1


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "sent"}, "?status"),
        ({"limit": "0"}, "?limit"),
        ({"cursor": "nonsense"}, "?cursor"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    call: Call, query: dict[str, str], pointer: str
) -> None:
    answer = call("GET", "/v1/deliveries", query=query)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_a_delivery_is_resent_under_its_id(service: MemoryService, call: Call) -> None:
    created(call)
    service.admit()
    delivered(service)
    (shown,) = call("GET", "/v1/deliveries").json["data"]
    assert shown["status"] == "delivered"

    answer = call("POST", f"/v1/deliveries/{shown['id']}/resend")
    delivered(service)

    assert (answer.status, answer.json["status"]) == (202, "pending")
    first, second = service.receivers.posted
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_another_tenants_delivery_does_not_exist(service: MemoryService, call: Call) -> None:
    created(call)
    service.admit()
    delivered(service)
    (shown,) = call("GET", "/v1/deliveries").json["data"]
    stranger = service.issue_key(tenant="other", name="test").text

    for method, path in (("GET", ""), ("POST", "/resend")):
        answer = call(method, f"/v1/deliveries/{shown['id']}{path}", key=stranger)
        assert (answer.status, answer.json["code"]) == (404, "delivery_not_found")
    assert call("GET", "/v1/deliveries", key=stranger).json["data"] == []


def test_what_an_endpoint_missed_is_recovered(service: MemoryService, call: Call) -> None:
    webhook = created(call)
    service.receivers.answers[URL] = lambda _: Reply(milliseconds=7, status=500)
    service.admit()
    delivered(service)
    del service.receivers.answers[URL]

    answer = call("POST", f"/v1/webhooks/{webhook['id']}/recover", query=SINCE)
    delivered(service)

    assert answer.json == {
        "object": "recovery",
        "webhook": webhook["id"],
        "resent": 1,
        "cursor": None,
    }
    (shown,) = call("GET", "/v1/deliveries").json["data"]
    assert shown["status"] == "delivered"


def test_a_disabled_endpoint_recovers_nothing(call: Call) -> None:
    webhook = created(call, enabled=False)

    answer = call("POST", f"/v1/webhooks/{webhook['id']}/recover", query=SINCE)

    assert (answer.status, answer.json["code"]) == (409, "invalid_state")


@pytest.mark.parametrize("since", [None, "", "yesterday", "2026-11-20T12:00:00", "1795176000"])
def test_recovery_asks_since_when(call: Call, since: str | None) -> None:
    webhook = created(call)
    query = {} if since is None else {"since": since}

    answer = call("POST", f"/v1/webhooks/{webhook['id']}/recover", query=query)

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "?since")


def test_recovery_of_much_goes_on_from_its_cursor(service: MemoryService, call: Call) -> None:
    webhook = created(call, enabled=False)
    for _ in range(1001):
        service.admit()
    delivered(service)
    call("PATCH", f"/v1/webhooks/{webhook['id']}", {"enabled": True})
    path = f"/v1/webhooks/{webhook['id']}/recover"

    first = call("POST", path, query=SINCE).json
    second = call("POST", path, query=SINCE | {"cursor": first["cursor"]}).json

    assert (first["resent"], second["resent"], second["cursor"]) == (1000, 1, None)
    assert timedelta(0) == service.clock.now() - NOW
