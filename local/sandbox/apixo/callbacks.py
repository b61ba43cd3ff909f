"""APIXO's callbacks: one POST, answered 200 or tried again up to three times."""

import asyncio
from typing import Final

import httpx
from pydantic import JsonValue

from local.sandbox.clock import iso, now
from local.sandbox.ledger import CallbackTry, Row, fingerprint
from local.sandbox.outgoing import is_loopback
from local.sandbox.studio import Studio

PATIENCE_SECONDS: Final = 30
DELAYS_SECONDS: Final = (0, 30, 60, 120)


class Courier:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def deliver(self, body: dict[str, JsonValue], *, url: str, row: Row) -> None:
        if not is_loopback(url):
            row.callbacks.append(_attempt(url, 1, "not sent"))
            return
        for number, delay in enumerate(DELAYS_SECONDS, start=1):
            await self._studio.pause(delay)
            status = await self._post(body, url)
            row.callbacks.append(_attempt(url, number, status))
            if status == httpx.codes.OK:
                return

    async def _post(self, body: dict[str, JsonValue], url: str) -> int | str:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                response = await self._studio.client.post(url, json=body, timeout=None)
        except TimeoutError:
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"
        return response.status_code


def _attempt(url: str, number: int, status: int | str) -> CallbackTry:
    return CallbackTry(url_sha256=fingerprint(url), at=iso(now()), status=status, number=number)
