"""What providers may deliver instead of a link to a sound PNG is kept, on the running stack."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.test_main_job import ledger_of, stored

pytestmark = pytest.mark.engine


@pytest.fixture
def suffer(stack: Stack) -> Iterator[Any]:
    url = f"{stack.sandbox_url}/faults"

    def switch_on(provider: str, **fault: object) -> None:
        httpx.put(url, json={provider: [fault]}, trust_env=False).raise_for_status()

    yield switch_on
    httpx.put(url, json={}, trust_env=False).raise_for_status()


@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        ("aimlapi", {"fault": "answer-inline"}),
        ("aimlapi", {"fault": "answer-inline", "dress": "base64url"}),
        ("apixo", {"fault": "status-inline"}),
        ("oxen", {"fault": "status-inline"}),
    ],
)
def test_an_image_that_comes_inline_is_the_one_that_was_made(
    stack: Stack, api: Api, suffer: Any, provider: str, fault: Any
) -> None:
    suffer(provider, **fault)

    job = api.finished(api.submit(provider=provider, prompt="a fox")["id"])

    (image,) = job["images"]
    (row,) = ledger_of(stack, job)
    assert (job["status"], image["sha256"]) == ("succeeded", row["results"][0]["sha256"])


@pytest.mark.parametrize(
    ("fault", "content_type"),
    [
        ({"fault": "result-other-format"}, "image/avif"),
        ({"fault": "result-other-format", "format": "heic"}, "image/heic"),
        ({"fault": "result-other-format", "format": "bmp"}, "image/bmp"),
        ({"fault": "result-jpeg-without-end"}, "image/jpeg"),
    ],
)
def test_complete_bytes_are_kept_and_not_called_verified(
    stack: Stack, api: Api, suffer: Any, fault: Any, content_type: str
) -> None:
    suffer("apixo", **fault)

    job = api.finished(api.submit(provider="apixo", prompt="a fox")["id"])

    (image,) = job["images"]
    assert (job["status"], image["content_type"]) == ("succeeded", content_type)
    assert (image["verified"], image["bytes"]) == (False, len(stored(stack, image)))
    assert job["cost"]["complete"] is True
