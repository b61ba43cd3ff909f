"""APIXO's callbacks: one POST, answered 200 or tried again up to three times."""

import asyncio
from functools import partial
from typing import Final

import httpx

from local.sandbox.apixo.envelope import success
from local.sandbox.apixo.letters import Letter, Post
from local.sandbox.clock import iso, now
from local.sandbox.faults.callbacks import CALLBACK, Office
from local.sandbox.ledger import CallbackTry, Row, fingerprint
from local.sandbox.outgoing import is_loopback
from local.sandbox.studio import Studio

PATIENCE_SECONDS: Final = 30
DELAYS_SECONDS: Final = (0, 30, 60, 120)
NOT_SENT: Final = "not sent"


class Courier:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._held_back: dict[str, asyncio.Event] = {}

    async def deliver(self, letter: Letter, row: Row) -> None:
        post: Post = partial(self._deliver, row)
        office = Office(sleep=self._studio.sleep, another_letter=partial(self._hold_back, row))
        for fault in self._studio.chaos.striking(
            CALLBACK, row.provider, row, concerned=lambda fault: fault.concerns(letter)
        ):
            post = partial(fault.deliver, post, office)
        await post(letter)

    async def _deliver(self, row: Row, letter: Letter) -> None:
        for number, delay in enumerate(DELAYS_SECONDS[: letter.tries], start=1):
            await self._studio.pause(delay)
            status = await self._post(letter)
            row.add_callback(_attempt(letter, number, status))
            if status in {httpx.codes.OK, NOT_SENT}:
                break
        self._release_others(row)

    async def _post(self, letter: Letter) -> int | str:
        if not is_loopback(letter.url):
            return NOT_SENT
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                response = await self._studio.client.post(
                    letter.url, json=success(letter.task), timeout=None
                )
        except TimeoutError:
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"
        return response.status_code

    async def _hold_back(self, row: Row) -> None:
        released = self._held_back.setdefault(row.task_id, asyncio.Event())
        await released.wait()

    def _release_others(self, row: Row) -> None:
        for task_id, released in self._held_back.items():
            if task_id != row.task_id:
                released.set()


def _attempt(letter: Letter, number: int, status: int | str) -> CallbackTry:
    return CallbackTry(
        url_sha256=fingerprint(letter.url),
        at=iso(now()),
        status=status,
        number=number,
        forged=letter.forged,
    )
