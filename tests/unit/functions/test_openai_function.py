"""The function behind the function URL: how long it waits, and that it serves nothing else."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from functions.openai.handler import create_app
from shared.api.reading import MAX_BODY_BYTES
from tests.http_events import Answer, AnyContext
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import finish_after
from tests.unit.functions.image_calls import a_form

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
SAMPLE = json.loads(Path("events/openai.http.json").read_bytes())
WAIT = 240
SLOW = 100  # seconds: API Gateway would have given up long ago


@pytest.fixture
def service() -> MemoryService:
    return MemoryService(OPENAI_WAIT_SECONDS=str(WAIT))


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def call(
    service: MemoryService,
    method: str,
    path: str,
    body: str | bytes = "",
    **headers: str,
) -> Answer:
    """Send what a function URL makes of a request; bytes come as base64."""
    event: dict[str, Any] = json.loads(json.dumps(SAMPLE))
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["requestContext"]["timeEpoch"] = int(service.clock.now().timestamp() * 1000)
    event["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
    event["isBase64Encoded"] = isinstance(body, bytes)
    event["body"] = b64encode(body).decode() if isinstance(body, bytes) else body
    return Answer.of(create_app(service).resolve(event, AnyContext()))


def generate(service: MemoryService, key: str, **fields: Any) -> Answer:
    body = json.dumps(FOX | fields)
    return call(service, "POST", GENERATIONS, body, authorization=f"Bearer {key}")


def jobs_of(service: MemoryService) -> int:
    return len(service.jobs.newest("default", limit=100, cursor=None).jobs)


def test_a_job_slower_than_the_gateway_is_delivered_in_one_post(
    service: MemoryService, key: str
) -> None:
    finish_after(service, SLOW)

    answer = generate(service, key, response_format="url")

    assert answer.status == 200
    assert answer.json["data"][0]["url"].startswith("https://")
    assert jobs_of(service) == 1


def test_an_edit_is_delivered_in_one_post(service: MemoryService, key: str) -> None:
    finish_after(service, SLOW)
    parts: list[tuple[str, str | bytes]] = [
        ("model", "seedream-4.5"),
        ("prompt", "at night"),
        ("image", a_png()),
    ]
    body, headers = a_form(parts)

    answer = call(
        service,
        "POST",
        EDITS,
        body,
        authorization=f"Bearer {key}",
        content_type=headers["content-type"],
    )

    assert answer.status == 200
    assert jobs_of(service) == 1


def test_a_job_that_outlasts_the_wait_is_named_in_the_answer(
    service: MemoryService, key: str
) -> None:
    began = service.clock.now()

    answer = generate(service, key)

    assert answer.status == 409
    assert answer.headers["x-seedhook-job-id"] in answer.json["error"]["message"]
    assert (service.clock.now() - began).total_seconds() == pytest.approx(WAIT, abs=1)


def test_models_are_told(service: MemoryService, key: str) -> None:
    bearer = f"Bearer {key}"

    every = call(service, "GET", "/v1/models", Authorization=bearer)
    one = call(service, "GET", "/v1/models/seedream-4.5", authorization=bearer)
    none = call(service, "GET", "/v1/models/dall-e-9", authorization=bearer)

    assert (every.status, one.status, none.status) == (200, 200, 404)
    assert one.json["id"] in {model["id"] for model in every.json["data"]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/keys"),
        ("GET", "/v1/health"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/"),
        ("GET", GENERATIONS),
        ("POST", "/v1/models"),
        ("POST", "/v1/images/variations"),
        ("POST", "/v1/callbacks/apixo/job_1/1/token"),
    ],
)
def test_nothing_else_is_served(service: MemoryService, key: str, method: str, path: str) -> None:
    answer = call(service, method, path, json.dumps(FOX), authorization=f"Bearer {key}")

    assert answer.status == 404
    assert jobs_of(service) == 0


@pytest.mark.parametrize("path", [GENERATIONS, EDITS])
@pytest.mark.parametrize("body", ['{"model"', "", b"\xff--cut", b"a" * (MAX_BODY_BYTES + 1)])
@pytest.mark.parametrize("authorization", ["", "Bearer sk_none", "Basic dTpw"])
def test_without_a_key_no_body_is_looked_at(
    service: MemoryService, path: str, body: str | bytes, authorization: str
) -> None:
    headers = {"authorization": authorization} if authorization else {}

    answer = call(service, "POST", path, body, **headers)

    assert answer.status == 401
    assert answer.json["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", [GENERATIONS, EDITS])
def test_a_body_over_the_limit_is_refused(service: MemoryService, key: str, path: str) -> None:
    body = b"a" * (MAX_BODY_BYTES + 1)

    answer = call(service, "POST", path, body, authorization=f"Bearer {key}")

    assert answer.status == 413
    assert jobs_of(service) == 0
