"""Signed webhooks on the real template: the official library verifies what a receiver gets."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from local.stack import Stack, StackOptions, running_stack
from tests.e2e.api import Api
from tests.e2e.receiver import Received, Receiver, receiving
from tests.patience import looks

pytestmark = pytest.mark.engine

STORY = ["job.accepted", "job.submitted", "job.succeeded"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stack(receiver: Receiver) -> Iterator[Stack]:
    options = StackOptions(
        port=0, latency=0, strict=True, environ={}, allow_loopback=(receiver.place,)
    )
    with running_stack(options) as stack:
        yield stack


def register(api: Api, url: str, **fields: Any) -> dict[str, Any]:
    answer = api.post("/v1/webhooks", json={"url": url} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def read(secret: str, one: Received) -> dict[str, Any]:
    """Verify with the official library, as a receiver does."""
    return Webhook(secret).verify(one.body, one.headers)


def log_of(api: Api, **query: str) -> list[dict[str, Any]]:
    answer = api.get("/v1/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def settled(api: Api, **query: str) -> list[dict[str, Any]]:
    """Look until none of the deliveries is pending: the receiver knows before the log does."""
    for _ in looks():
        found = log_of(api, **query)
        if found and all(one["status"] != "pending" for one in found):
            return found
    raise AssertionError("still pending")


def test_an_endpoint_hears_a_jobs_whole_story_signed(api: Api, receiver: Receiver) -> None:
    webhook = register(api, receiver.url("/story"))

    job = api.finished(api.submit(provider="apixo", prompt="a story")["id"])
    came = receiver.wait("/story", 3)
    api.delete(f"/v1/webhooks/{webhook['id']}")

    events = [read(webhook["secret"], one) for one in came]
    assert sorted(event["type"] for event in events) == STORY
    assert {event["data"]["id"] for event in events} == {job["id"]}
    assert [one.headers["webhook-id"] for one in came] == [event["id"] for event in events]
    assert {one.headers["content-type"] for one in came} == {"application/json"}
    logged = settled(api, job=job["id"], webhook=webhook["id"])
    assert [one["status"] for one in logged] == 3 * ["delivered"]
    assert [[one["status"] for one in each["tries"]] for each in logged] == 3 * [[200]]


def test_a_jobs_own_address_is_signed_with_the_keys_secret(api: Api, receiver: Receiver) -> None:
    secret = api.get("/v1/webhooks/secret").json()["secret"]
    own = {"webhook_url": receiver.url("/own"), "webhook_events": ["job.succeeded"]}

    job = api.finished(api.submit(provider="apixo", prompt="its own", **own)["id"])

    (one,) = receiver.wait("/own", 1)
    event = read(secret, one)
    assert (event["type"], event["data"]["id"]) == ("job.succeeded", job["id"])


def test_a_failed_delivery_is_tried_again_after_seconds_with_the_same_bytes(
    api: Api, receiver: Receiver
) -> None:
    receiver.statuses["/flaky"] = [307]
    own = {"webhook_url": receiver.url("/flaky"), "webhook_events": ["job.accepted"]}

    job = api.submit(provider="apixo", prompt="twice", **own)
    first, second = receiver.wait("/flaky", 2)

    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert 4 < second.at - first.at < 20
    (logged,) = settled(api, job=job["id"])
    assert [one["status"] for one in logged["tries"]] == [307, 200]


def test_410_disables_an_endpoint_and_says_so(api: Api, receiver: Receiver) -> None:
    other = register(api, receiver.url("/other"), events=["webhook.disabled"])
    receiver.statuses["/gone"] = [410]
    gone = register(api, receiver.url("/gone"), events=["job.accepted"])

    api.submit(provider="apixo", prompt="gone")
    (told,) = receiver.wait("/other", 1)

    shown = api.get(f"/v1/webhooks/{gone['id']}").json()
    assert (shown["enabled"], shown["disabled_because"]) == (
        False,
        "the receiver answered 410 Gone",
    )
    assert read(other["secret"], told)["data"] == {
        "object": "webhook",
        "id": gone["id"],
        "tenant": "default",
        "host": receiver.place,
        "reason": "the receiver answered 410 Gone",
    }
    for webhook in (gone, other):
        assert api.delete(f"/v1/webhooks/{webhook['id']}").status_code == 204


def test_what_an_endpoint_missed_while_disabled_is_recovered(api: Api, receiver: Receiver) -> None:
    webhook = register(api, receiver.url("/back"), enabled=False, events=["job.succeeded"])
    job = api.finished(api.submit(provider="apixo", prompt="missed")["id"])
    (missed,) = settled(api, webhook=webhook["id"])
    assert (missed["status"], missed["tries"]) == ("failed", [])

    api.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": True})
    answer = api.post(f"/v1/webhooks/{webhook['id']}/recover", params={"since": job["created_at"]})
    (one,) = receiver.wait("/back", 1)

    assert answer.json()["resent"] == 1
    assert read(webhook["secret"], one)["data"]["id"] == job["id"]
    (resent,) = settled(api, webhook=webhook["id"])
    api.post(f"/v1/deliveries/{resent['id']}/resend")
    again = receiver.wait("/back", 2)[1]
    assert (again.body, again.headers["webhook-id"]) == (one.body, one.headers["webhook-id"])
    assert json.loads(one.body)["id"] == resent["event"]


def test_during_a_rotation_both_secrets_verify(api: Api, receiver: Receiver) -> None:
    webhook = register(api, receiver.url("/rotated"), events=["job.accepted"])
    rotated = api.post(f"/v1/webhooks/{webhook['id']}/rotate").json()

    api.submit(provider="apixo", prompt="rotated")
    (one,) = receiver.wait("/rotated", 1)
    api.delete(f"/v1/webhooks/{webhook['id']}")

    for secret in (webhook["secret"], rotated["secret"]):
        assert read(secret, one)["type"] == "job.accepted"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://shop.example/", "https://10.0.0.1/", "https://x.example:8443/"],
)
def test_other_addresses_are_refused(api: Api, url: str) -> None:
    for path, body, pointer in (
        ("/v1/webhooks", {"url": url}, "/url"),
        (
            "/v1/jobs",
            {"model": "seedream-4.5", "prompt": "a fox", "webhook_url": url},
            "/webhook_url",
        ),
    ):
        answer: httpx.Response = api.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
