"""What a caller may do to jobs, over HTTP and with the template's roles enforced."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.patience import looks

pytestmark = pytest.mark.engine

REQUESTS = 50
AT_ONCE = 8  # each keeps a function busy; that of fifty in one moment is shown in tests/contract


def rows_of(stack: Stack, provider: str, prompt: str) -> list[dict[str, Any]]:
    """Return what the sandbox says it was asked with this prompt."""
    rows = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()[provider]
    return [row for row in rows if prompt in str(row["request"])]


@contextmanager
def suffering(stack: Stack, provider: str, fault: str, **details: Any) -> Iterator[None]:
    url = f"{stack.sandbox_url}/faults"
    plan = {provider: [{"fault": fault} | details]}
    httpx.put(url, json=plan, trust_env=False).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(url, trust_env=False).raise_for_status()


def states_of(stack: Stack, prompt: str) -> Iterator[str]:
    """Yield the state of the one generation, again and again."""
    for _ in looks():
        (row,) = rows_of(stack, "oxen", prompt)
        yield row["state"]


def statuses_of_callbacks(stack: Stack, prompt: str) -> list[int]:
    """Wait until the one task's callback has been answered, and return how."""
    for _ in looks():
        (row,) = rows_of(stack, "apixo", prompt)
        if row["callbacks"]:
            return [callback["status"] for callback in row["callbacks"]]
    raise AssertionError("nobody called back")


def objects_of(stack: Stack, job: dict[str, Any]) -> list[str]:
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    listed = s3.list_objects_v2(Bucket=stack.media_bucket).get("Contents", [])
    return [entry["Key"] for entry in listed if job["id"] in entry["Key"]]


def test_fifty_requests_with_one_idempotency_key_get_one_job(stack: Stack, api: Api) -> None:
    body = {"model": "seedream-4.5", "provider": "apixo", "prompt": "one for all"}

    def submit(_: int) -> httpx.Response:
        for _look in looks():
            answer = api.post("/v1/jobs", json=body, headers={"idempotency-key": "order-7"})
            if answer.status_code != httpx.codes.CONFLICT:  # admitted at this very moment
                return answer
        raise AssertionError("in conflict for ever")

    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(submit, range(REQUESTS)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("idempotent-replayed") for answer in answers]
    assert (replayed.count(None), replayed.count("true")) == (1, REQUESTS - 1)
    job = api.finished(answers[0].json()["id"])
    assert job["status"] == "succeeded"
    assert len(rows_of(stack, "apixo", "one for all")) == 1


def test_another_request_under_the_same_key_is_refused(api: Api) -> None:
    headers = {"idempotency-key": "order-8"}
    body = {"model": "seedream-4.5", "provider": "apixo", "prompt": "a fox"}

    first = api.post("/v1/jobs", json=body, headers=headers)
    other = api.post("/v1/jobs", json=body | {"n": 2}, headers=headers)

    assert first.status_code == 202
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_job_that_runs_at_oxen_is_stopped_there(stack: Stack, api: Api) -> None:
    with suffering(stack, "oxen", "task-pending"):
        job = api.submit(provider="oxen", prompt="never to be done")
        assert api.job(job["id"])["status"] == "processing"

        cancelled = api.post(f"/v1/jobs/{job['id']}/cancel")

        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
        assert "cancelled" in states_of(stack, "never to be done")
    again = api.post(f"/v1/jobs/{job['id']}/cancel")
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    assert api.job(job["id"])["images"] == []


def test_a_refused_job_can_be_tried_again(stack: Stack, api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="[refuse] twice")["id"])
    assert job["status"] == "failed"

    retried = api.post(f"/v1/jobs/{job['id']}/retry")
    again = api.finished(job["id"])

    assert (retried.status_code, retried.json()["status"]) == (202, "queued")
    assert (again["status"], again["error"]["code"]) == ("failed", "content_policy")
    assert [attempt["number"] for attempt in again["attempts"]] == [1, 2]
    assert again["attempts"][0] == job["attempts"][0]
    assert len(rows_of(stack, "apixo", "[refuse] twice")) == 2


def test_a_job_that_succeeded_is_not_tried_again(api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="enough")["id"])

    answer = api.post(f"/v1/jobs/{job['id']}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")


def test_of_a_deleted_job_nothing_is_left(stack: Stack, api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="to be forgotten", n=2)["id"])
    api.looked_at(job)
    folders = {key.partition("/")[0] for key in objects_of(stack, job)}
    assert folders == {"images", "previews", "callbacks"}

    answer = api.delete(f"/v1/jobs/{job['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert objects_of(stack, job) == []
    for path in ("", "/images/0"):
        assert api.get(f"/v1/jobs/{job['id']}{path}").status_code == 404
    assert api.delete(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_callback_that_comes_after_its_job_was_deleted_is_not_kept(
    stack: Stack, api: Api
) -> None:
    with suffering(stack, "apixo", "callback-delayed", seconds=3):
        job = api.submit(provider="apixo", prompt="gone before the answer")
        api.post(f"/v1/jobs/{job['id']}/cancel")
        assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204

        answers = statuses_of_callbacks(stack, "gone before the answer")

    assert answers == [200]
    assert any(objects_of(stack, job) == [] for _ in looks())


def test_kept_callbacks_are_replayed_and_change_nothing(stack: Stack, api: Api) -> None:
    job = api.looked_at(api.finished(api.submit(provider="apixo", prompt="once more")["id"]))

    def replay(key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"}
        return api.post("/v1/callbacks/replay", json={"job": job["id"]}, headers=headers)

    assert replay(stack.api_key).status_code == 403
    for _ in range(2):
        answer = replay(stack.admin_key)
        assert (answer.status_code, answer.json()) == (200, {"replayed": 1, "cursor": None})
    assert api.job(job["id"], wait=1) | {"images": []} == job | {"images": []}
