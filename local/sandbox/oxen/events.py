"""`/api/events`: told to who listens at that moment, and to nobody later."""

import asyncio
import json
from collections.abc import AsyncIterator

from pydantic import JsonValue

KEEP_ALIVE = ": keep-alive\n\n"


class Events:
    def __init__(self, keep_alive_seconds: float) -> None:
        self._keep_alive_seconds = keep_alive_seconds
        self._listeners: set[asyncio.Queue[str | None]] = set()

    def listen(self) -> AsyncIterator[str]:
        """Listen from this call on, not from the first line read."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(queue)
        return self._lines(queue)

    def tell(self, name: str, payload: dict[str, JsonValue]) -> None:
        data = json.dumps(payload, separators=(",", ":"))
        for queue in self._listeners:
            queue.put_nowait(f"event: {name}\ndata: {data}\n\n")

    def close(self) -> None:
        for queue in self._listeners:
            queue.put_nowait(None)

    async def _lines(self, queue: asyncio.Queue[str | None]) -> AsyncIterator[str]:
        try:
            while (line := await self._next(queue)) is not None:
                yield line
        finally:
            self._listeners.discard(queue)

    async def _next(self, queue: asyncio.Queue[str | None]) -> str | None:
        try:
            async with asyncio.timeout(self._keep_alive_seconds):
                return await queue.get()
        except TimeoutError:
            return KEEP_ALIVE
