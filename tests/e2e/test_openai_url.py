"""The function URL: programs that post once get their image, however long it takes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from local.stack import Stack, StackOptions, running_stack
from shared.api.reading import MAX_BODY_BYTES
from tests.patience import PATIENCE_SECONDS, looks
from tests.pictures import a_png

pytestmark = pytest.mark.engine

MODEL = "seedream-4.5"
AT_ONCE = 3


@pytest.fixture(scope="module")
def slow() -> Iterator[Stack]:
    """A stack whose API answers within two seconds, while an image takes four or more."""
    environ = {"SEEDHOOK_ANSWER_SECONDS": "2"}
    with running_stack(StackOptions(port=0, latency=0.15, strict=True, environ=environ)) as stack:
        yield stack


@pytest.fixture
def client(slow: Stack) -> openai.OpenAI:
    return openai.OpenAI(base_url=slow.openai_url, api_key=slow.api_key, max_retries=0)


@pytest.fixture
def http(slow: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=slow.openai_url, trust_env=False, timeout=PATIENCE_SECONDS) as http:
        yield http


def bearer(stack: Stack) -> dict[str, str]:
    return {"authorization": f"Bearer {stack.api_key}"}


def paid_for(stack: Stack, prompt: str) -> list[dict[str, Any]]:
    books = httpx.get(f"{stack.sandbox_url}/ledger", trust_env=False).json()
    rows = [row for provider in books.values() for row in provider]
    return [row for row in rows if prompt in str(row["request"])]


def test_a_slow_generation_comes_in_one_post(slow: Stack, client: openai.OpenAI) -> None:
    answer = client.images.with_raw_response.generate(
        model=MODEL, prompt="url: a lighthouse", response_format="url"
    )

    assert answer.elapsed.total_seconds() > 2
    (one,) = answer.parse().data or []
    assert httpx.get(one.url or "", trust_env=False).status_code == 200
    assert len(paid_for(slow, "url: a lighthouse")) == 1


def test_a_slow_edit_comes_in_one_post(slow: Stack, client: openai.OpenAI, tmp_path: Path) -> None:
    picture = tmp_path / "room.png"
    picture.write_bytes(a_png(64, 48))

    with picture.open("rb") as room:  # a stream, which cannot be sent twice
        result = client.images.edit(
            model=MODEL, prompt="url: at night", image=room, response_format="b64_json"
        )

    (one,) = result.data or []
    assert one.b64_json
    assert len(paid_for(slow, "url: at night")) == 1


def test_posts_that_wait_hold_up_nobody(slow: Stack, http: httpx.Client) -> None:
    def post(number: int) -> httpx.Response:
        body = {"model": MODEL, "prompt": f"url: at once, {number}"}
        return http.post("/images/generations", json=body, headers=bearer(slow))

    with ThreadPoolExecutor(AT_ONCE) as posts:
        waiting = [posts.submit(post, number) for number in range(AT_ONCE)]
        assert any(len(paid_for(slow, "url: at once")) == AT_ONCE for _ in looks())
        other = httpx.get(f"{slow.api_url}/v1/jobs", headers=bearer(slow), trust_env=False)
        models = http.get("/models", headers=bearer(slow))
        were_waiting = [not one.done() for one in waiting]
        answers = [one.result() for one in waiting]

    assert (other.status_code, models.status_code) == (200, 200)
    assert all(were_waiting)
    assert [one.status_code for one in answers] == [200] * AT_ONCE
    assert len({one.headers["x-seedhook-job-id"] for one in answers}) == AT_ONCE


def test_a_client_that_hangs_up_ends_neither_its_job_nor_the_door(
    slow: Stack, http: httpx.Client
) -> None:
    body = {"model": MODEL, "prompt": "url: gave up"}

    with pytest.raises(httpx.ReadTimeout):
        http.post("/images/generations", json=body, headers=bearer(slow), timeout=2)

    assert http.get("/models", headers=bearer(slow)).status_code == 200
    assert any(row["finished_at"] for _ in looks() for row in paid_for(slow, "url: gave up"))


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


@pytest.mark.parametrize("path", ["/jobs", "/keys", "/images/variations", "/../"])
def test_other_paths_are_not_found(slow: Stack, http: httpx.Client, path: str) -> None:
    assert http.post(path, json={}, headers=bearer(slow)).status_code == 404


@pytest.mark.parametrize("content", [b'{"model"', b"\xff", b"a" * (MAX_BODY_BYTES + 1)])
@pytest.mark.parametrize("path", ["/images/generations", "/images/edits"])
def test_without_a_key_no_body_is_looked_at(http: httpx.Client, path: str, content: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = http.post(path, content=content, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 7_000_000])
def test_a_body_over_the_limit_is_refused(slow: Stack, http: httpx.Client, size: int) -> None:
    answer = http.post("/images/edits", content=b"a" * size, headers=bearer(slow))

    assert answer.status_code == 413
