"""`/api/events`: told to who listens at that moment, and to nobody later."""

import asyncio
import json
from typing import Final

from pydantic import JsonValue

from local.sandbox.faults.chaos import Chaos
from local.sandbox.faults.stream import STREAM, HangUp, Lines
from local.sandbox.ledger import Provider, Row
from local.sandbox.oxen.telling import Told

KEEP_ALIVE: Final = Told(": keep-alive\n\n")


class Events:
    def __init__(self, keep_alive_seconds: float, *, chaos: Chaos) -> None:
        self._keep_alive_seconds = keep_alive_seconds
        self._chaos = chaos
        self._listeners: set[asyncio.Queue[Told | None]] = set()

    def listen(self, *, hang_up: HangUp) -> Lines:
        """Listen from this call on, not from the first line read."""
        queue: asyncio.Queue[Told | None] = asyncio.Queue()
        self._listeners.add(queue)
        lines = self._lines(queue)
        for fault in self._chaos.striking(STREAM, Provider.OXEN):
            lines = fault.lines(lines, hang_up)
        return lines

    def tell(self, name: str, payload: dict[str, JsonValue], row: Row) -> None:
        data = json.dumps(payload, separators=(",", ":"))
        for queue in self._listeners:
            queue.put_nowait(Told(f"event: {name}\ndata: {data}\n\n", row))

    def close(self) -> None:
        for queue in self._listeners:
            queue.put_nowait(None)

    async def _lines(self, queue: asyncio.Queue[Told | None]) -> Lines:
        try:
            while (told := await self._next(queue)) is not None:
                yield told
        finally:
            self._listeners.discard(queue)

    async def _next(self, queue: asyncio.Queue[Told | None]) -> Told | None:
        try:
            async with asyncio.timeout(self._keep_alive_seconds):
                return await queue.get()
        except TimeoutError:
            return KEEP_ALIVE
