"""Time for tests: nobody sleeps, and what was asked for is remembered."""

import asyncio
import threading


class Naps:
    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        if seconds:
            self.taken.append(seconds)
        await asyncio.sleep(0)


class DeepSleep:
    """Sleeps for good, and says that it does."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    async def __call__(self, seconds: float) -> None:
        if seconds:
            self.begun.set()
            await asyncio.Event().wait()
