"""What the three providers share: time, references, drawing, files and the books."""

import asyncio
import hashlib
from functools import partial

from local.sandbox import markers
from local.sandbox.background import Background
from local.sandbox.drawing import Sketch, draw
from local.sandbox.faults.chaos import Chaos
from local.sandbox.faults.fault import Sleep
from local.sandbox.faults.tasks import TASK
from local.sandbox.files import Files
from local.sandbox.ledger import Ledger, Provider, Result, Row
from local.sandbox.orders import Make, Order, Picture, Refused
from local.sandbox.outgoing import open_client
from local.sandbox.references import Reference, References
from local.sandbox.settings import SandboxSettings
from local.sandbox.sizes import Size

DRAWN_AT_ONCE = 2  # each 4K picture is tens of megabytes while it is drawn

TITLES = {Provider.APIXO: "APIXO", Provider.OXEN: "Oxen", Provider.AIMLAPI: "AI/ML API"}


class Studio:
    def __init__(self, settings: SandboxSettings, *, chaos: Chaos, sleep: Sleep) -> None:
        self.settings = settings
        self.chaos = chaos
        self.sleep = sleep
        self.ledger = Ledger()
        self.background = Background()
        self.files = Files(settings.base_url, chaos=chaos, wait=self.wait)
        self.client = open_client()
        self._references = References(self.client)
        self._easels = asyncio.Semaphore(DRAWN_AT_ONCE)

    async def pause(self, seconds: float) -> None:
        await self.sleep(seconds * self.settings.latency)

    async def wait(self, seconds: float) -> None:
        """Sleep within a request. Raises Stopped when the sandbox shuts down."""
        await self.background.finish(self._nap(seconds))

    async def make(self, order: Order) -> list[Picture]:
        """Take a model's time, then publish. Raises Refused, Unreadable or Failed."""
        make: Make = self._make
        for fault in self.chaos.striking(TASK, order.row.provider, order.row):
            make = partial(fault.make, make)
        return await make(order)

    async def _make(self, order: Order) -> list[Picture]:
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

    async def _nap(self, seconds: float) -> None:
        await self.sleep(seconds)

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
            row=row,
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
