"""From a request over HTTP to images in S3 and a record in DynamoDB."""

import base64
import hashlib
from decimal import Decimal
from io import BytesIO
from typing import Any

import boto3
import httpx
import pytest
from PIL import Image

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.bus import AT_ONCE_SECONDS, listen
from tests.pictures import a_png

pytestmark = pytest.mark.engine


def client(stack: Stack, name: Any) -> Any:
    return boto3.client(
        name,
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def ledger_of(stack: Stack, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the sandbox says it made for the job."""
    rows = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()[job["provider"]]
    task_ids = [task_id for attempt in job["attempts"] for task_id in attempt["task_ids"]]
    return [row for task_id in task_ids for row in rows if row["task_id"] == task_id]


def stored(stack: Stack, image: dict[str, Any]) -> bytes:
    answer = client(stack, "s3").get_object(Bucket=stack.media_bucket, Key=image["key"])
    return answer["Body"].read()


def test_a_prompt_becomes_two_stored_pictures_by_callback(stack: Stack, api: Api) -> None:
    admitted = api.submit(
        provider="apixo", prompt="a fox in watercolor", n=2, resolution="2K", aspect_ratio="16:9"
    )
    job = api.finished(admitted["id"])

    assert (admitted["status"], admitted["version"]) == ("queued", 1)
    assert (job["status"], job["delivery"], job["sandbox"]) == ("succeeded", "callback", True)
    assert job["cost"] == {
        "estimated_usd": "0.0700",
        "charged_usd": "0.0700",
        "complete": True,
    }
    (row,) = ledger_of(stack, job)
    assert [callback["status"] for callback in row["callbacks"]] == [200]
    for image, result in zip(job["images"], row["results"], strict=True):
        content = stored(stack, image)
        assert hashlib.sha256(content).hexdigest() == image["sha256"] == result["sha256"]
        assert Image.open(BytesIO(content)).size == (image["width"], image["height"])
        assert (image["width"], image["height"]) == (2848, 1600)
        assert image["bytes"] == len(content)


def test_a_reference_becomes_an_edit_by_oxens_queue(stack: Stack, api: Api) -> None:
    data = f"data:image/png;base64,{base64.b64encode(a_png(64, 48)).decode()}"

    admitted = api.submit(provider="oxen", prompt="at night", images=[data], size="2K")
    job = api.finished(admitted["id"])

    assert (job["status"], job["delivery"]) == ("succeeded", "poll")
    assert job["cost"] == {"estimated_usd": None, "charged_usd": "0.04", "complete": True}
    (row,) = ledger_of(stack, job)
    (reference,) = row["request"]["input_image"]
    assert reference.startswith(stack.aws_endpoint_url)
    assert stored(stack, job["images"][0]) == httpx.get(row["results"][0]["url"]).content


def test_ten_images_at_oxen_are_three_requests_and_ten_pictures(stack: Stack, api: Api) -> None:
    job = api.finished(api.submit(provider="oxen", prompt="ten", n=10)["id"])

    assert job["status"] == "succeeded"
    assert [image["index"] for image in job["images"]] == list(range(10))
    assert len({image["sha256"] for image in job["images"]}) == 10
    assert len(ledger_of(stack, job)) == 10


def test_a_content_refusal_is_told_with_who_and_why(api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="[refuse] something")["id"])

    assert job["status"] == "failed"
    assert job["error"]["code"] == "content_policy"
    assert job["error"]["who"] == "client"
    assert Decimal(job["cost"]["charged_usd"]) == 0


def test_fewer_pictures_than_asked_are_partial_and_charged_as_made(api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="[only 2]", n=3)["id"])

    assert job["status"] == "partial"
    assert job["delivered_images"] == 2
    assert job["cost"]["charged_usd"] == "0.0700"


def test_an_image_is_fetched_through_a_link_signed_now(stack: Stack, api: Api) -> None:
    job = api.finished(api.submit(provider="apixo", prompt="a link")["id"])

    answer = api.get(f"/v1/jobs/{job['id']}/images/0")

    assert answer.status_code == 302
    content = httpx.get(answer.headers["location"], trust_env=False).content
    assert content == stored(stack, job["images"][0])


def test_jobs_are_listed_newest_first(api: Api) -> None:
    ids = [api.submit(provider="apixo", prompt=f"number {n}")["id"] for n in range(3)]

    listed = api.get("/v1/jobs", params={"limit": 3}).json()["data"]

    assert [job["id"] for job in listed] == ids[::-1]


def test_a_forged_callback_is_not_found(api: Api) -> None:
    job = api.submit(provider="apixo", prompt="a fox")

    answer = api.post(f"/v1/callbacks/apixo/{job['id']}/1/k1.9999999999.{'A' * 43}", json={})

    assert (answer.status_code, answer.json()) == (404, {"code": "not_found"})


def test_transitions_reach_the_event_bus(stack: Stack, api: Api) -> None:
    queue = listen(
        engine_url=stack.aws_endpoint_url, region=stack.region, event_bus=stack.event_bus
    )
    kinds = {"job.accepted", "job.submitted", "job.succeeded"}

    job = api.finished(api.submit(provider="apixo", prompt="tell everyone")["id"])

    assert queue.hear(job["id"], kinds, seconds=AT_ONCE_SECONDS) == kinds


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("", 400, id="empty"),
        pytest.param("{", 400, id="bad JSON"),
        pytest.param('{"model": "seedream-4.5", "prompt": 1}', 422, id="wrong type"),
        pytest.param('{"model": "seedream-4.5", "prompt": "x", "a": 1}', 422, id="unknown field"),
    ],
)
def test_bad_input_is_a_problem_document(api: Api, body: str, status: int) -> None:
    answer = api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]


def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    answer = api.post("/v1/jobs", json={"model": "seedream-4.5", "prompt": "x" * 4_200_000})

    assert answer.status_code == 413


def test_without_a_key_there_is_no_answer(stack: Stack) -> None:
    assert httpx.get(f"{stack.api_url}/v1/jobs", trust_env=False).status_code == 401
