"""Faults of Oxen's event stream. One opportunity is one connection."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Final, override

from pydantic import Field

from local.sandbox.faults.fault import Fault, Place
from local.sandbox.oxen.telling import Told

NOISE: Final = (
    'event: deployment_updated\ndata: {"deployment_id":"d-1","status":"running"}\n\n',
    ": nothing to see here\n\n",
    "id: 7\nretry: 1\nshape: round\n\n",
    "no colon in this line\n\n",
    "event: media_generation_completed\ndata: {not json\n\n",
    'event: media_generation_completed\ndata: {"generation_id":"unknown","status":"succeeded"}\n\n',
)

type Lines = AsyncGenerator[Told]
type HangUp = Callable[[], Awaitable[None]]


class StreamFault(Fault):
    """Stands between what is told and who listens."""

    def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        raise NotImplementedError


class Mute(StreamFault):
    @override
    async def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        async for told in lines:
            if told.row:
                told.row.note(self.fault)
            else:
                yield told


class Silent(StreamFault):
    @override
    async def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        async for told in lines:
            if told.row:
                told.row.note(self.fault)
            yield Told("")  # which is nothing on the wire


class Dropped(StreamFault):
    events: Annotated[int, Field(ge=0)] = 1

    @override
    async def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        left = self.events
        async with aclosing(lines):
            while left and (told := await anext(lines, None)):
                if told.row:
                    left -= 1
                    told.row.note(self.fault)
                yield told
        await hang_up()


class Noise(StreamFault):
    @override
    async def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        async for told in lines:
            if told.row:
                told.row.note(self.fault)
            for noise in NOISE:
                yield Told(noise)
            yield told


class Duplicated(StreamFault):
    copies: Annotated[int, Field(ge=1, le=1000)] = 1

    @override
    async def lines(self, lines: Lines, hang_up: HangUp) -> Lines:
        async for told in lines:
            yield told
            if told.row:
                told.row.note(self.fault)
                for _ in range(self.copies):
                    yield told


STREAM: Final = Place("stream", StreamFault)
