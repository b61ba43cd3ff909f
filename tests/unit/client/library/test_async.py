"""The client for `async` code plays the same flows; both have the same verbs."""

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from client.seedhook import AsyncSeedhook, NotWhole, Patience, Seedhook, StillRunning, Unreachable
from tests.pictures import a_png
from tests.unit.client.library.played import KEY, URL, Play, Played, a_job, an_image, answer
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


def test_nobody_there_is_told() -> None:
    with pytest.raises(Unreachable, match="cannot reach"):
        played(lambda client: client.cancel("job_1"), httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match=r"cannot reach https://media\.example: ReadTimeout$"):
        played(
            lambda client: client.download("job_1", 0, "/tmp/never.png"),  # noqa: S108
            answer({"data": [an_image(PICTURE)]}),
            *[httpx.ReadTimeout("")] * 5,
        )
