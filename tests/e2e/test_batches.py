"""A file dropped under `batches/` becomes many jobs, a report and one event."""

import json

import httpx
import pytest

from local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.bus import AT_ONCE_SECONDS, listen
from tests.e2e.test_edits import drop, found

pytestmark = pytest.mark.engine


def test_batches_by_folder_end_with_a_report(stack: Stack, api: Api) -> None:
    rows = [{"model": "seedream-4.5", "prompt": f"number {n}", "custom_id": n} for n in (1, 2, 3)]
    content = "\n".join(map(json.dumps, [*rows, {"model": "nonsense", "prompt": "x"}])).encode()
    drop(stack, "batches/three and one.jsonl", content, **{"max-in-flight": "2"})

    lines = found(stack, stack.media_bucket, "batches/three and one.report.jsonl").splitlines()

    report = [json.loads(line) for line in lines]
    assert [line["job"]["status"] for line in report[:3]] == ["succeeded"] * 3
    assert report[3]["error"]["code"] == "invalid_request"
    batches = api.get("/v1/batches").json()["data"]
    (batch,) = [one for one in batches if one["name"] == "three and one"]
    assert (batch["status"], batch["counts"]["succeeded"]) == ("completed", 3)
    assert api.get(f"/v1/batches/{batch['id']}").json() == batch


def test_batches_that_are_no_list_are_reported_beside_their_file(stack: Stack) -> None:
    drop(stack, "batches/empty.csv", b"")

    report = json.loads(found(stack, stack.uploads_bucket, "batches/empty.csv.error.json"))

    assert "has 0 lines" in report["detail"]


def test_batches_by_upload_end_with_one_event(stack: Stack, api: Api) -> None:
    ears = listen(engine_url=stack.aws_endpoint_url, region=stack.region, event_bus=stack.event_bus)
    content = b"model,prompt\nseedream-4.5,one of a list\nseedream-4.5,another of a list\n"
    wanted = {"content_type": "text/csv", "bytes": len(content)}
    upload = api.post("/v1/uploads", json=wanted).json()
    httpx.post(
        upload["url"], data=upload["fields"], files={"file": content}, trust_env=False
    ).raise_for_status()

    answers = [
        api.post("/v1/batches", json={"upload": upload["id"], "max_usd": "1"}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    (batch_id,) = {answer.json()["id"] for answer in answers}
    assert ears.hear(batch_id, {"batch.completed"}, seconds=AT_ONCE_SECONDS) == {"batch.completed"}
    batch = api.get(f"/v1/batches/{batch_id}").json()
    assert (batch["status"], batch["counts"]["succeeded"]) == ("completed", 2)
    assert len(found(stack, stack.media_bucket, batch["report"]).splitlines()) == 2
