"""Previews on the local stack, made by the function that alone may: the template's roles hold."""

import base64
from http import HTTPStatus
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from local.aws import client
from local.stack import Stack
from tests.e2e.api import Api

pytestmark = pytest.mark.engine

_HAS_A_PREVIEW = ("preview_url", "placeholder", "verified")


def aws(stack: Stack, service: str) -> Any:
    return client(service, endpoint_url=stack.aws_endpoint_url, region=stack.region)


def keys_of(stack: Stack, job: dict[str, Any]) -> set[str]:
    listed = aws(stack, "s3").list_objects_v2(Bucket=stack.media_bucket).get("Contents", [])
    return {entry["Key"] for entry in listed if job["id"] in entry["Key"]}


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def test_every_image_of_a_job_gets_a_preview_and_a_placeholder(api: Api) -> None:
    finished = api.finished(api.submit(prompt="small and quick", n=2, aspect_ratio="16:9")["id"])

    job = api.looked_at(finished)

    for image in job["images"]:
        preview = opened(httpx.get(image["preview_url"], trust_env=False).content)
        assert (preview.format, max(preview.size)) == ("WEBP", 512)
        assert image["verified"] is True
        head, _, data = image["placeholder"].partition(",")
        assert head == "data:image/webp;base64"
        assert max(opened(base64.b64decode(data)).size) == 16
    for name in ("status", "updated_at", "completed_at", "timeline", "cost"):
        assert job[name] == finished[name]


def test_a_preview_is_a_redirect_and_in_every_view(api: Api) -> None:
    job = api.looked_at(api.finished(api.submit(prompt="seen everywhere")["id"]))

    answer = api.get(f"/v1/jobs/{job['id']}/images/0", params={"preview": 1})
    (listed,) = api.get(f"/v1/jobs/{job['id']}/images").json()["data"]
    first = api.get("/v1/jobs", params={"limit": 1}).json()["data"][0]

    assert answer.status_code == HTTPStatus.FOUND
    assert f"/previews/{job['id']}/1/0.webp?" in answer.headers["location"]
    assert opened(httpx.get(answer.headers["location"], trust_env=False).content).format == "WEBP"
    assert first["id"] == job["id"]
    for image in (listed, *first["images"]):
        assert all(image[name] for name in _HAS_A_PREVIEW)


def test_previews_go_with_their_job(stack: Stack, api: Api) -> None:
    job = api.looked_at(api.finished(api.submit(prompt="gone with its preview")["id"]))
    assert f"previews/{job['id']}/1/0.webp" in keys_of(stack, job)

    assert api.delete(f"/v1/jobs/{job['id']}").status_code == HTTPStatus.NO_CONTENT

    assert keys_of(stack, job) == set()


def test_a_preview_is_kept_for_as_long_as_its_image(stack: Stack, api: Api) -> None:
    job = api.submit(prompt="for a week", retention={"media_days": 7})
    job = api.looked_at(api.finished(job["id"]))

    for folder in ("images", "previews"):
        (key,) = (key for key in keys_of(stack, job) if key.startswith(folder))
        tags = aws(stack, "s3").get_object_tagging(Bucket=stack.media_bucket, Key=key)["TagSet"]
        assert tags == [{"Key": "retention-days", "Value": "7"}]


def test_an_image_whose_bytes_were_changed_is_not_verified_and_stays(
    stack: Stack, api: Api
) -> None:
    """Asked for again, as for a job that is older than previews."""
    s3, table = aws(stack, "s3"), aws(stack, "dynamodb")
    job = api.looked_at(api.finished(api.submit(prompt="tampered with")["id"]))
    key = job["images"][0]["key"]
    s3.put_object(Bucket=stack.media_bucket, Key=key, Body=b"another picture")
    row = {"pk": {"S": f"job#{job['id']}"}, "sk": {"S": "job"}}
    item = table.get_item(TableName=stack.table, Key=row)["Item"]
    item["document"]["S"] = item["document"]["S"].replace('"verified":true', '"verified":null')
    table.put_item(TableName=stack.table, Item=item)

    refused = api.get(f"/v1/jobs/{job['id']}/images/0", params={"preview": 1})
    (image,) = api.looked_at(job)["images"]

    assert (refused.status_code, refused.json()["code"]) == (404, "preview_not_found")
    assert [image[name] for name in _HAS_A_PREVIEW] == [None, None, False]
    assert s3.get_object(Bucket=stack.media_bucket, Key=key)["Body"].read() == b"another picture"
