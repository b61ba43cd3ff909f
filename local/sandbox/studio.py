"""What the three providers share: time, references, drawing, files and the books."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from local.sandbox import markers
from local.sandbox.background import Background
from local.sandbox.drawing import ImageFormat, Sketch, draw
from local.sandbox.files import Files
from local.sandbox.ledger import Ledger, Provider, Result, Row
from local.sandbox.outgoing import open_client
from local.sandbox.references import Reference, References
from local.sandbox.settings import SandboxSettings
from local.sandbox.sizes import Size

DRAWN_AT_ONCE = 2  # each 4K picture is tens of megabytes while it is drawn

TITLES = {Provider.APIXO: "APIXO", Provider.OXEN: "Oxen", Provider.AIMLAPI: "AI/ML API"}


class Refused(Exception):
    """The content is not allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    row: Row
    model: str
    prompt: str
    references: tuple[str, ...]
    size_for: Callable[[tuple[Reference, ...]], Size]
    image_format: ImageFormat
    numbers: range  # which images of how many: range(1, 3) of 2
    total: int
    seconds: float  # how long a real model takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    url: str
    data: bytes
    size: Size


class Studio:
    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.ledger = Ledger()
        self.files = Files(settings.base_url)
        self.background = Background()
        self.client = open_client()
        self._references = References(self.client)
        self._easels = asyncio.Semaphore(DRAWN_AT_ONCE)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.settings.latency)

    async def make(self, order: Order) -> list[Picture]:
        """Take a model's time, then publish. Raises Refused or Unreadable."""
        if markers.is_refused(order.prompt):
            raise Refused
        lasting = asyncio.ensure_future(self.pause(order.seconds))
        try:
            drawn = await self._draw_all(order)
            await lasting
        finally:
            lasting.cancel()
        return [self._publish(sketch, data, order.row) for sketch, data in drawn]

    async def close(self) -> None:
        await self.background.stop()
        await self.client.aclose()

    async def _draw_all(self, order: Order) -> list[tuple[Sketch, bytes]]:
        references = await self._references.read(order.references)
        size = order.size_for(references)
        sketches = [_sketch(order, number, size, references) for number in order.numbers]
        return [(sketch, await self._draw(sketch)) for sketch in sketches]

    async def _draw(self, sketch: Sketch) -> bytes:
        async with self._easels:
            return await asyncio.to_thread(draw, sketch)

    def _publish(self, sketch: Sketch, data: bytes, row: Row) -> Picture:
        url = self.files.keep(
            data,
            provider=row.provider,
            name=f"{sketch.task_id}-{sketch.number}",
            image_format=sketch.image_format,
        )
        row.results.append(
            Result(
                url=url,
                sha256=hashlib.sha256(data).hexdigest(),
                bytes=len(data),
                width=sketch.size.width,
                height=sketch.size.height,
                content_type=f"image/{sketch.image_format}",
            )
        )
        return Picture(url=url, data=data, size=sketch.size)


def seconds_within(task_id: str, shortest: float, longest: float) -> float:
    """Spread tasks over a range, the same task always alike."""
    share = int.from_bytes(hashlib.sha256(task_id.encode()).digest()[:4]) / 2**32
    return shortest + (longest - shortest) * share


def _sketch(order: Order, number: int, size: Size, references: tuple[Reference, ...]) -> Sketch:
    return Sketch(
        size=size,
        image_format=order.image_format,
        prompt=order.prompt,
        provider=TITLES[order.row.provider],
        model=order.model,
        task_id=order.row.task_id,
        number=number,
        total=order.total,
        references=references,
    )
