"""Work that outlives the request that began it, and never the app."""

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The sandbox shut down before the work was done."""


class Background:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._over = False

    def start[T](self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = self._own(work)
        task.add_done_callback(_report)
        return task

    async def finish[T](self, work: Coroutine[object, object, T]) -> T:
        """Wait for work that goes on, and is paid for, even when the caller hangs up."""
        if self._over:
            work.close()
            raise Stopped
        task = self._own(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise Stopped from None
            raise

    async def idle(self) -> None:
        """Return when nothing is left to do, work begun by other work included."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def cancel(self) -> None:
        self._over = True
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        self.cancel()
        await self.idle()

    def _own[T](self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _report(task: asyncio.Task[object]) -> None:
    if not task.cancelled() and (problem := task.exception()):
        logger.error("sandbox work failed", exc_info=problem)
