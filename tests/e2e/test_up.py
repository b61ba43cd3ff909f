"""`seedhook up`: what it promises to programs that start it."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from local.sandbox.server import running_sandbox
from tests.e2e.api import Api
from tests.e2e.bus import AT_ONCE_SECONDS, listen
from tests.e2e.running import environment, processes_in, seedhook_up

pytestmark = pytest.mark.engine

READY = {
    "api_url",
    "openai_url",
    "api_key",
    "admin_key",
    "console_url",
    "aws_endpoint_url",
    "region",
    "uploads_bucket",
    "media_bucket",
    "table",
    "event_bus",
    "sandbox_url",
}
PACKAGES = 2  # each lies there once, however many workers have it


def test_up_says_where_everything_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with seedhook_up("--latency", "0", temp=tmp_path) as ready:
        assert set(ready) == READY
        with Api(base_url=ready["api_url"], key=ready["api_key"]) as api:
            job = api.looked_at(api.finished(api.submit(provider="apixo", prompt="a fox")["id"]))
        assert job["status"] == "succeeded"
        assert processes_in(tmp_path)
        places = {path.resolve() for path in tmp_path.rglob("shared/config.py")}
        assert len(places) == PACKAGES

    assert processes_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_two_stacks_do_not_disturb_each_other(tmp_path: Path) -> None:
    with (
        seedhook_up("--latency", "0", temp=tmp_path) as one,
        seedhook_up("--latency", "0", temp=tmp_path) as other,
        Api(base_url=one["api_url"], key=one["api_key"]) as api,
    ):
        api.submit(provider="apixo", prompt="a fox")
        there = httpx.get(
            f"{other['api_url']}/v1/jobs",
            headers={"authorization": f"Bearer {other['api_key']}"},
            trust_env=False,
        )
        assert there.json()["data"] == []


def test_with_a_data_folder_jobs_and_images_survive_a_restart(tmp_path: Path) -> None:
    options = ("--latency", "0", "--data", str(tmp_path / "data"))
    with (
        seedhook_up(*options, temp=tmp_path) as ready,
        Api(base_url=ready["api_url"], key=ready["api_key"]) as api,
    ):
        before = api.finished(api.submit(provider="apixo", prompt="a fox")["id"])

    with (
        seedhook_up(*options, temp=tmp_path) as again,
        Api(base_url=again["api_url"], key=ready["api_key"]) as api,
    ):
        after = api.job(before["id"])
        link = api.get(f"/v1/jobs/{before['id']}/images/0").headers["location"]
        content = httpx.get(link, trust_env=False).content

    assert after["status"] == "succeeded"
    assert after["images"][0]["sha256"] == before["images"][0]["sha256"]
    assert len(content) == before["images"][0]["bytes"]


def test_after_a_restart_with_its_data_what_happens_is_announced_at_once(tmp_path: Path) -> None:
    options = ("--latency", "0", "--data", str(tmp_path / "data"))
    kinds = {"job.accepted", "job.submitted", "job.succeeded"}
    with (
        seedhook_up(*options, temp=tmp_path) as ready,
        Api(base_url=ready["api_url"], key=ready["api_key"]) as api,
    ):
        # Its changes are what a function could have read ahead of the new stream.
        api.finished(api.submit(provider="apixo", prompt="many changes", n=2)["id"])

    with (
        seedhook_up(*options, temp=tmp_path) as again,
        Api(base_url=again["api_url"], key=again["api_key"]) as api,
    ):
        queue = listen(
            engine_url=again["aws_endpoint_url"],
            region=again["region"],
            event_bus=again["event_bus"],
        )
        job = api.finished(api.submit(provider="apixo", prompt="a fox")["id"])
        heard = queue.hear(job["id"], kinds, seconds=AT_ONCE_SECONDS)

    assert heard == kinds


def test_a_provider_that_is_down_costs_a_delay_and_nothing_else(tmp_path: Path) -> None:
    with running_sandbox(latency=0) as gone:
        port = int(gone.base_url.rpartition(":")[2])
    environ = {"APIXO_API_KEY": "key", "APIXO_BASE_URL": gone.apixo_url}

    with (
        seedhook_up("--latency", "0", temp=tmp_path, environ=environ) as ready,
        Api(base_url=ready["api_url"], key=ready["api_key"]) as api,
    ):
        admitted = api.submit(provider="apixo", prompt="a fox")
        waiting = api.job(admitted["id"])
        with running_sandbox(latency=0, port=port) as back:
            job = api.finished(admitted["id"])
            rows = httpx.get(back.ledger_url, trust_env=False).json()["apixo"]

    assert waiting["status"] == "queued"
    assert (job["status"], job["sandbox"]) == ("succeeded", False)
    assert len(job["attempts"]) == len(rows) == 1


def test_a_real_provider_without_a_public_address_is_polled(tmp_path: Path) -> None:
    environ = {"APIXO_API_KEY": "key", "APIXO_BASE_URL": "https://apixo.invalid/api/v1"}

    with (
        seedhook_up("--latency", "0", temp=tmp_path, environ=environ) as ready,
        Api(base_url=ready["api_url"], key=ready["api_key"]) as api,
    ):
        polled = api.submit(provider="apixo", prompt="a fox")
        refused = api.post(
            "/v1/jobs",
            json={
                "model": "seedream-4.5",
                "prompt": "a fox",
                "provider": "apixo",
                "delivery": "callback",
            },
        )

    assert polled["delivery"] == "poll"
    assert refused.status_code == 422
    assert "SEEDHOOK_PUBLIC_URL" in refused.json()["errors"][0]["message"]


def test_the_demo_saves_pictures_of_the_requested_size(tmp_path: Path) -> None:
    (tmp_path / "temp").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "client", "demo", "--json", "--out", str(tmp_path / "out")],
        env=environment(tmp_path / "temp"),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    jobs = json.loads(done.stdout)["jobs"]
    files = [Path(name) for job in jobs for name in job["images"]]
    assert sorted(Image.open(BytesIO(file.read_bytes())).size for file in files) == [
        (2048, 2048),
        (2048, 2048),
        (2048, 2048),
        (2496, 1664),
        (2848, 1600),
        (2848, 1600),
    ]
