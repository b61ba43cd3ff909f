"""Faults of APIXO's callbacks, and callbacks that APIXO never sent."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Final, override

import httpx
from pydantic import Field

from local.sandbox.apixo.letters import Letter, Post
from local.sandbox.faults.fault import Fault, Place, Seconds, Sleep

SUCCESS_FIELDS: Final = ("resultJson", "costTime")
FAILURE_FIELDS: Final = ("failCode", "failMsg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What a fault may wait for."""

    sleep: Sleep
    another_letter: Callable[[], Awaitable[None]]  # of another task


class CallbackFault(Fault):
    """Stands between a finished task and the post."""

    def concerns(self, letter: Letter) -> bool:
        del letter
        return True

    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        raise NotImplementedError


class OfSuccess(CallbackFault):
    @override
    def concerns(self, letter: Letter) -> bool:
        return letter.task["state"] == "success"


class Dropped(CallbackFault):
    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        pass


class Delayed(CallbackFault):
    seconds: Seconds

    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        await office.sleep(self.seconds)
        await post(letter)


class Duplicated(CallbackFault):
    copies: Annotated[int, Field(ge=1, le=1000)] = 1

    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        for _ in range(1 + self.copies):
            await post(letter)


class Overtaken(CallbackFault):
    seconds: Seconds = 30.0

    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await office.another_letter()
        await post(letter)


class Stale(OfSuccess):
    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        await post(letter)
        earlier = letter.without(*SUCCESS_FIELDS, "completeTime")
        await post(earlier.saying(state="processing"))


class ForgedToken(CallbackFault):
    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        await post(replace(letter, url=_altered(letter.url)).by_a_stranger())
        await post(letter)


class WrongTask(CallbackFault):
    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        other = hashlib.sha256(str(letter.task["taskId"]).encode()).hexdigest()[:32]
        await post(letter.saying(taskId=other).by_a_stranger())
        await post(letter)


class ForgedResults(CallbackFault):
    urls: Annotated[list[str], Field(min_length=1)] = Field(
        default=["https://attacker.example/picture.png"]
    )

    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        results = json.dumps({"resultUrls": self.urls})
        lie = letter.without(*FAILURE_FIELDS).saying(state="success", resultJson=results)
        await post(lie.by_a_stranger())
        await post(letter)


class FailedAfterSuccess(OfSuccess):
    @override
    async def deliver(self, post: Post, office: Office, letter: Letter) -> None:
        await post(letter)
        lie = letter.without(*SUCCESS_FIELDS).saying(
            state="failed", failCode="GENERATION_FAILED", failMsg="The generation failed"
        )
        await post(lie.by_a_stranger())


def _altered(url: str) -> str:
    """Change one letter near the end, where a token is, and leave the host alone."""
    parsed = httpx.URL(url)
    target = parsed.raw_path.decode()
    changed = "A" if target[-3:-2] != "A" else "B"
    return str(parsed.copy_with(raw_path=f"{target[:-3]}{changed}{target[-2:]}".encode()))


CALLBACK: Final = Place("callback", CallbackFault)
