"""The client for `async` code plays the same flows; both have the same verbs."""

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.seedhook import (
    ApiError,
    AsyncSeedhook,
    Job,
    NotWhole,
    Patience,
    Seedhook,
    StillRunning,
    Unreachable,
)
from tests.pictures import a_png
from tests.unit.client.library.played import (
    KEY,
    URL,
    Play,
    Played,
    a_job,
    an_image,
    answer,
    playing,
)
from tests.unit.client.library.test_transfers import FORM

PICTURE = a_png(64, 48)


def played[T](use: Callable[[AsyncSeedhook], Awaitable[T]], *answers: Play) -> tuple[T, Played]:
    api = Played(deque(answers))

    async def sleep(seconds: float) -> None:
        api.sleep(seconds)

    async def run() -> T:
        async with AsyncSeedhook(
            URL,
            KEY,
            patience=Patience(chance=lambda: 1.0),
            transport=httpx.MockTransport(api),
            clock=api.clock,
            sleep=sleep,
        ) as client:
            return await use(client)

    return asyncio.run(run()), api


def verbs(kind: type) -> dict[str, list[str]]:
    public = inspect.getmembers(kind, inspect.isfunction)
    return {
        name: list(inspect.signature(verb).parameters)
        for name, verb in public
        if not name.startswith("_")
    }


def test_both_clients_have_the_same_verbs_with_the_same_parameters() -> None:
    assert verbs(AsyncSeedhook) == verbs(Seedhook)


BATCH = {"id": "batch_1", "status": "running", "counts": {}}
MODEL = {"id": "m", "title": "M", "aliases": [], "providers": {}}
REHEARSAL = {key: a_job()[key] for key in ("model", "provider", "delivery", "sandbox", "cost")}


@pytest.mark.parametrize(
    ("verb", "arguments", "told"),
    [
        ("get", ["job_1"], a_job()),
        ("cancel", ["job_1"], a_job()),
        ("retry", ["job_1"], a_job()),
        ("delete", ["job_1"], {}),
        ("rehearse", ["a fox"], REHEARSAL | {"requested_images": 1}),
        ("usage", [], {"data": []}),
        ("models", [], {"data": [MODEL]}),
        ("model", ["m"], MODEL),
        ("providers", [], {"data": []}),
        ("health", [], {"status": "ok"}),
        ("start_batch", ["upload:1"], BATCH),
        ("batch", ["batch_1"], BATCH),
        ("batches", [], {"data": [BATCH]}),
        ("ask", ["PUT", "/v1/x"], {"a": 1}),
        ("text", ["/v1/usage?format=csv"], {"a": 1}),
    ],
)
def test_both_clients_ask_the_same_and_tell_the_same(
    verb: str, arguments: list[str], told: dict[str, Any]
) -> None:
    client, asked = playing(answer(told))

    here = getattr(client, verb)(*arguments)
    there, asked_there = played(lambda other: getattr(other, verb)(*arguments), answer(told))

    assert here == there
    assert asked.lines == asked_there.lines
    assert asked.asked[0].content == asked_there.asked[0].content


def test_files_are_uploaded_and_all_images_kept(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    job = Job.read(a_job("succeeded", images=[an_image(PICTURE)]))

    reference, _ = played(
        lambda client: client.upload(tmp_path / "a.png"), answer(FORM, 201), httpx.Response(204)
    )
    kept, _ = played(
        lambda client: client.download_all(job, tmp_path / "out"),
        answer({"data": [an_image(PICTURE)]}),
        httpx.Response(200, content=PICTURE),
    )

    assert reference == FORM["id"]
    assert kept == (tmp_path / "out/job_1-0.png",)


def test_a_download_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="403"):
        played(
            lambda client: client.download("job_1", 0, tmp_path / "a.png"),
            answer({"data": [an_image(PICTURE)]}),
            httpx.Response(403, text="<Error/>"),
        )

    assert list(tmp_path.iterdir()) == []


def test_batches_are_watched() -> None:
    async def use(client: AsyncSeedhook) -> list[int]:
        return [batch.done async for batch in client.watch_batch("batch_1")]

    over = BATCH | {"counts": {"succeeded": 2}, "completed_at": "2026-11-20T12:00:00Z"}
    told, api = played(use, answer(BATCH), answer(over))

    assert (told, api.slept) == ([0, 2], [2.0])


def test_an_edit_is_submitted_with_its_file_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)

    job, api = played(
        lambda client: client.edit(tmp_path / "a.png", "at night"),
        answer(FORM, 201),
        httpx.Response(204),
        httpx.ConnectError("refused"),
        answer(a_job(), 202),
    )

    assert (job.id, api.slept) == ("job_1", [0.5])
    first, second = api.asked[2:]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_states_and_lists_are_iterated_over() -> None:
    async def use(client: AsyncSeedhook) -> tuple[list[str], int]:
        states = [job.status async for job in client.watch("job_1")]
        return states, len([job async for job in client.list()])

    told, _ = played(
        use, answer(a_job()), answer(a_job("succeeded", 2)), answer({"data": [a_job(), a_job()]})
    )

    assert told == (["queued", "succeeded"], 2)


def test_waiting_ends_with_the_job_or_with_patience() -> None:
    job, _ = played(lambda client: client.wait("job_1"), answer(a_job("failed", 2)))

    assert job.status == "failed"
    with pytest.raises(StillRunning):
        played(lambda client: client.wait("job_1", timeout=0), answer(a_job()))


def test_an_image_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    links = {"data": [an_image(PICTURE)]}
    path, _ = played(
        lambda client: client.download("job_1", 0, tmp_path / "a.png"),
        answer(links),
        httpx.ReadError("broken"),
        httpx.Response(200, content=PICTURE),
    )

    assert path.read_bytes() == PICTURE
    with pytest.raises(NotWhole):
        played(
            lambda client: client.download("job_1", 0, tmp_path / "b.png"),
            answer(links),
            httpx.Response(200, content=b"other"),
        )
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cannot reach"):
        played(lambda client: client.cancel("job_1"), httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match=r"cannot reach https://media\.example: ReadTimeout$"):
        played(
            lambda client: client.download("job_1", 0, tmp_path / "never.png"),
            answer({"data": [an_image(PICTURE)]}),
            *[httpx.ReadTimeout("")] * 5,
        )
