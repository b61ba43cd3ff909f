"""Pictures dropped into the uploads bucket become edits; events on the bus become jobs.

S3 to EventBridge to SQS to the function, as template.yaml wires it.
"""

import json
import time
from typing import Any

import boto3
import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.bus import listen
from tests.patience import PATIENCE_SECONDS
from tests.pictures import a_png

pytestmark = pytest.mark.engine

ODD = "edits/odd names/a b+c%20é🦊.png"


def aws(stack: Stack, name: Any) -> Any:
    return boto3.client(
        name,
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def drop(stack: Stack, key: str, content: bytes | None = None, **metadata: str) -> None:
    aws(stack, "s3").put_object(
        Bucket=stack.uploads_bucket,
        Key=key,
        Body=a_png(64, 48) if content is None else content,
        Metadata=metadata,
    )


def found(stack: Stack, bucket: str, key: str) -> bytes:
    """Return an object as soon as it is there."""
    s3, deadline = aws(stack, "s3"), time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            if time.monotonic() > deadline:
                raise AssertionError(f"{key} did not come") from None
            time.sleep(0.2)
        else:
            return content


def request_by_event(stack: Stack, request: object) -> str:
    """Ask for a job on the bus; return the event's id."""
    entry = {
        "EventBusName": stack.event_bus,
        "Source": "my.shop",
        "DetailType": "job.requested",
        "Detail": json.dumps(request),
    }
    (taken,) = aws(stack, "events").put_events(Entries=[entry])["Entries"]
    event_id: str = taken["EventId"]
    return event_id


def result_of(stack: Stack, key: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(found(stack, stack.media_bucket, f"{key}/job.json"))
    return job


def test_edits_by_metadata_lie_beside_a_copy_of_their_path(stack: Stack, api: Api) -> None:
    drop(stack, "edits/by metadata/cat.png", prompt="at night", resolution="2K")

    job = result_of(stack, "edits/by metadata/cat.png")

    assert (job["status"], job["input"]["prompt"]) == ("succeeded", "at night")
    shown = api.job(job["id"])
    extension = shown["images"][0]["key"].rpartition(".")[2]
    placed = found(stack, stack.media_bucket, f"edits/by metadata/cat.png/0.{extension}")
    assert len(placed) == shown["images"][0]["bytes"]


def test_edits_leave_nothing_behind_when_their_job_is_deleted(stack: Stack, api: Api) -> None:
    wanted = {"prompt": "to be forgotten", "n": 2, "retention": {"media_days": 7}}
    drop(stack, "edits/forgotten/cat.png.json", json.dumps(wanted).encode())
    drop(stack, "edits/forgotten/cat.png")
    job = result_of(stack, "edits/forgotten/cat.png")

    def left() -> list[str]:
        listed = aws(stack, "s3").list_objects_v2(
            Bucket=stack.media_bucket, Prefix="edits/forgotten/"
        )
        return [one["Key"].rpartition("/")[2] for one in listed.get("Contents", [])]

    assert len(left()) == 3
    assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert left() == []


@pytest.mark.parametrize("first", ["picture", "sidecar"])
def test_edits_by_a_sidecar_whichever_comes_first(stack: Stack, first: str) -> None:
    key = f"edits/{first} first/cat.png"
    steps = [(key, None), (f"{key}.json", b'{"prompt": "by a sidecar"}')]
    for name, content in steps if first == "picture" else steps[::-1]:
        drop(stack, name, content)

    assert result_of(stack, key)["input"]["prompt"] == "by a sidecar"


def test_edits_whose_images_are_kept_for_days_are_copied_with_that(stack: Stack) -> None:
    key = "edits/for a week/cat.png"
    drop(stack, f"{key}.json", b'{"prompt": "for a week", "retention": {"media_days": 7}}')
    drop(stack, key)

    job = result_of(stack, key)

    extension = job["images"][0]["key"].rpartition(".")[2]
    tags = aws(stack, "s3").get_object_tagging(
        Bucket=stack.media_bucket, Key=f"{key}/0.{extension}"
    )["TagSet"]
    assert tags == [{"Key": "retention-days", "Value": "7"}]


def test_edits_of_odd_names_are_found_under_their_names(stack: Stack) -> None:
    drop(stack, ODD, prompt="whatever it is called")

    assert result_of(stack, ODD)["status"] == "succeeded"


def test_edits_that_cannot_be_are_reported_beside_their_object(stack: Stack) -> None:
    drop(stack, "edits/broken/cat.png", b"this is no picture", prompt="at night")

    report = json.loads(found(stack, stack.uploads_bucket, "edits/broken/cat.png.error.json"))

    assert report["who"] == "client"
    assert "not a whole PNG" in report["detail"]


def test_edits_asked_for_wrongly_are_answered_by_an_event(stack: Stack) -> None:
    ears = listen(engine_url=stack.aws_endpoint_url, region=stack.region, event_bus=stack.event_bus)
    request = {"model": "seedream-4.5", "prompt": "", "n": 11}

    event_id = request_by_event(stack, request)

    heard = ears.hear(f"event:{event_id}", {"intake.refused"}, seconds=PATIENCE_SECONDS)
    assert heard == {"intake.refused"}


def test_edits_make_no_further_edits(stack: Stack, api: Api) -> None:
    drop(stack, "edits/once/cat.png", prompt="once")
    job = result_of(stack, "edits/once/cat.png")

    mine = [one for one in api.get("/v1/jobs").json()["data"] if one["input"]["prompt"] == "once"]

    assert [one["id"] for one in mine] == [job["id"]]


def test_edits_asked_for_by_an_event_on_the_bus_are_jobs_like_others(
    stack: Stack, api: Api
) -> None:
    request_by_event(stack, {"model": "seedream-4.5", "prompt": "asked for on the bus"})

    deadline = time.monotonic() + PATIENCE_SECONDS
    mine: list[dict[str, Any]] = []
    while not mine and time.monotonic() < deadline:
        listed = api.get("/v1/jobs").json()["data"]
        mine = [one for one in listed if one["input"]["prompt"] == "asked for on the bus"]
        time.sleep(0.2)
    assert api.finished(mine[0]["id"])["status"] == "succeeded"
