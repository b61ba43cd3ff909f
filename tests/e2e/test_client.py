"""The Python client on the real template: what it submits, follows, keeps and hears."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from client.seedhook import (
    AsyncSeedhook,
    Invalid,
    NotAuthorised,
    NotFound,
    Patience,
    Seedhook,
    Unreachable,
)
from local.ports import free_port
from local.stack import Stack
from tests.patience import PATIENCE_SECONDS
from tests.pictures import a_png

pytestmark = pytest.mark.engine

STATES = ["queued", "submitting", "processing", "storing", "succeeded"]


@pytest.fixture
def client(stack: Stack) -> Iterator[Seedhook]:
    with Seedhook(stack.api_url, stack.api_key) as client:
        yield client


def test_a_job_is_submitted_watched_and_kept(client: Seedhook, tmp_path: Path) -> None:
    job = client.submit("a fox in watercolor", n=2, provider="apixo", tags=["client"])
    states = [state.status for state in client.watch(job.id, timeout=PATIENCE_SECONDS)]
    over = client.get(job.id).checked()

    seen: list[int] = []
    paths = client.download_all(over, tmp_path, progress=lambda came, _: seen.append(came))

    assert states == [state for state in STATES if state in states]
    assert states[-1] == "succeeded"
    for path, image in zip(paths, over.images, strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == image.sha256
        with Image.open(path) as picture:
            assert picture.size == (image.width, image.height)
    assert max(seen) == max(image.bytes for image in over.images)
    assert job.id in [one.id for one in client.list(tag="client")]


def test_the_same_key_makes_no_second_job(client: Seedhook) -> None:
    first, again = (client.submit("a heron", idempotency_key="heron-1") for _ in range(2))

    assert first == again
    with pytest.raises(Invalid) as caught:
        client.submit("another heron", idempotency_key="heron-1")
    assert caught.value.code == "idempotency_key_reused"


def test_a_file_is_uploaded_and_edited(client: Seedhook, tmp_path: Path) -> None:
    file = tmp_path / "sketch.png"
    file.write_bytes(a_png(640, 480))

    job = client.edit(file, "at night", provider="oxen")
    over = client.wait(job.id, timeout=PATIENCE_SECONDS).checked()

    assert over.input["images"][0].startswith("upload:")
    assert client.download(over, 0, tmp_path / "night.png").stat().st_size == over.images[0].bytes


def test_async_code_does_the_same(stack: Stack, tmp_path: Path) -> None:
    async def use() -> list[str]:
        async with AsyncSeedhook(stack.api_url, stack.api_key) as client:
            jobs = await asyncio.gather(*(client.submit(f"fox {n}", n=1) for n in range(3)))
            over = await asyncio.gather(
                *(client.wait(job.id, timeout=PATIENCE_SECONDS) for job in jobs)
            )
            paths = [await client.download(job.checked(), 0, tmp_path) for job in over]
            assert all(path.read_bytes() for path in paths)
            found = {job.id async for job in client.list(limit=10)}
            assert {job.id for job in jobs} <= found
            return [job.status for job in over]

    assert asyncio.run(use()) == ["succeeded"] * 3


def test_a_batch_is_followed_to_its_end(client: Seedhook, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    lines = [{"model": "seedream-4.5", "prompt": f"row {n}"} for n in range(3)]
    rows.write_text("\n".join(map(json.dumps, [*lines, {"model": "nonsense", "prompt": "x"}])))

    started = client.start_batch(rows, max_in_flight=2)
    (*_, over) = client.watch_batch(started.id, timeout=PATIENCE_SECONDS)

    assert (over.counts["succeeded"], over.counts["refused"], over.succeeded) == (3, 1, False)
    assert len(list(client.list(batch=started.id))) == 3
    assert started.id in [one.id for one in client.batches()]


def test_what_there_is_is_told(client: Seedhook) -> None:
    job = client.wait(client.submit("a fox", provider="apixo").id, timeout=PATIENCE_SECONDS)

    health, (row, *_) = client.health(), client.usage(group_by="provider")

    assert (health.status, health.at is not None) == ("ok", True)
    assert {"seedream-4", "seedream-4.5"} <= {model.id for model in client.models()}
    assert {provider.name for provider in client.providers()} == {"apixo", "oxen", "aimlapi"}
    assert (row.jobs >= 1, job.succeeded) == (True, True)


def test_jobs_are_called_off_and_removed(client: Seedhook) -> None:
    job = client.cancel(client.submit("a fox", provider="apixo").id)
    over = client.wait(job.id, timeout=PATIENCE_SECONDS)

    client.delete(over.id)

    assert over.is_over
    with pytest.raises(NotFound):
        client.get(over.id)


def test_refusals_are_told_in_words(stack: Stack, client: Seedhook) -> None:
    with pytest.raises(Invalid, match=r"/n: .*10") as caught:
        client.submit("a fox", n=11)
    with (
        Seedhook(stack.api_url, "sk_0000000000000000_wrong") as stranger,
        pytest.raises(NotAuthorised, match="401"),
    ):
        stranger.get("job_1")
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        Seedhook(nobody, "k", patience=Patience(tries=1)) as offline,
        pytest.raises(Unreachable, match=f"cannot reach {nobody}"),
    ):
        offline.submit("a fox")

    assert caught.value.who == "client"
