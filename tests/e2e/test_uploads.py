"""Images that come straight into the bucket, and images that come out of earlier jobs."""

import hashlib
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.test_main_job import client, ledger_of
from tests.pictures import a_png

pytestmark = pytest.mark.engine

PICTURE = a_png(64, 48)


def opened(api: Api, *, size: int = len(PICTURE), content_type: str = "image/png") -> Any:
    answer = api.post("/v1/uploads", json={"content_type": content_type, "bytes": size})
    assert answer.status_code == 201, answer.text
    return answer.json()


def posted(upload: Any, content: bytes) -> int:
    """Post as a stranger would: with nothing but the form."""
    with httpx.Client(trust_env=False) as stranger:
        answer = stranger.post(upload["url"], data=upload["fields"], files={"file": content})
    return answer.status_code


def edited(api: Api, *images: str) -> dict[str, Any]:
    admitted = api.submit(provider="apixo", prompt="at night", images=images)
    return api.finished(admitted["id"])


def references_of(stack: Stack, job: dict[str, Any]) -> list[str]:
    (row,) = ledger_of(stack, job)
    return row["request"]["input"]["image_urls"]


def read(link: str) -> bytes:
    return httpx.get(link, trust_env=False).raise_for_status().content


def test_what_is_uploaded_through_a_form_is_edited(stack: Stack, api: Api) -> None:
    upload = opened(api)
    assert posted(upload, PICTURE) == 204

    job = edited(api, upload["id"])

    assert (job["status"], job["input"]["images"]) == ("succeeded", [upload["id"]])
    (reference,) = references_of(stack, job)
    assert read(reference) == PICTURE


def test_a_form_takes_no_more_than_was_said(api: Api) -> None:
    upload = opened(api, size=10)

    assert posted(upload, PICTURE) == 400
    answer = api.post(
        "/v1/jobs", json={"model": "seedream-4.5", "prompt": "a fox", "images": [upload["id"]]}
    )
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/images/0"]


def test_an_edit_of_an_edit_reads_the_image_between(stack: Stack, api: Api) -> None:
    upload = opened(api)
    posted(upload, PICTURE)
    first = edited(api, upload["id"])

    second = edited(api, f"job:{first['id']}/0")

    assert second["status"] == "succeeded"
    (reference,) = references_of(stack, second)
    assert hashlib.sha256(read(reference)).hexdigest() == first["images"][0]["sha256"]


def test_a_version_in_the_bucket_is_edited_whatever_came_later(stack: Stack, api: Api) -> None:
    s3, key = client(stack, "s3"), "edits/a fox + 100%.png"
    version = s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=PICTURE)["VersionId"]
    s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=b"no image")

    job = edited(api, f"s3://{stack.uploads_bucket}/{key}?versionId={version}")

    assert job["status"] == "succeeded"
    (reference,) = references_of(stack, job)
    assert read(reference) == PICTURE


@pytest.mark.parametrize(
    ("content", "code"), [(None, "source_gone"), (b"no image", "invalid_input")]
)
def test_what_cannot_be_edited_is_never_paid(
    stack: Stack, api: Api, content: bytes | None, code: str
) -> None:
    if content is not None:
        client(stack, "s3").put_object(
            Bucket=stack.uploads_bucket, Key=f"edits/{code}.png", Body=content
        )

    job = edited(api, f"s3://{stack.uploads_bucket}/edits/{code}.png")

    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert job["attempts"][0]["task_ids"] == []
    assert job["cost"]["charged_usd"] in {"0", "0.0000"}
