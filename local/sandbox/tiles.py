"""Reference images as a row of framed tiles."""

import math
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from local.sandbox.colours import PANEL, TILE_COLOURS
from local.sandbox.references import TILE, Reference

PER_ROW: Final = 7
PLACEHOLDER: Final = (214, 216, 220)
PLACEHOLDER_LINES: Final = (150, 154, 162)


class Tiles:
    """All tiles on one sheet, so that they share the few colours left for them."""

    def __init__(self, references: tuple[Reference, ...]) -> None:
        self._count = len(references)
        self.colours: list[int] = []
        if references:
            self._sheet = _sheet(references).quantize(TILE_COLOURS, Image.Quantize.FASTOCTREE)
            found = self._sheet.getpalette() or []
            self.colours = (found + [0] * TILE_COLOURS * 3)[: TILE_COLOURS * 3]

    def paste_on(self, canvas: Image.Image, *, frame: int) -> None:
        if not self._count:
            return
        first = PANEL - TILE_COLOURS
        sheet = Image.frombytes("L", self._sheet.size, self._sheet.tobytes())
        sheet = sheet.point([min(255, value + first) for value in range(256)])
        columns = min(self._count, PER_ROW)
        side, gap = _measures(canvas.size, self._count)
        pen = ImageDraw.Draw(canvas)
        for index in range(self._count):
            tile = sheet.crop((index * TILE, 0, (index + 1) * TILE, TILE))
            x = canvas.width - (columns - index % columns) * (side + gap)
            y = gap + index // columns * (side + gap)
            pen.rectangle((x, y, x + side, y + side), fill=frame)
            edge = max(2, side // 24)
            inner = side - 2 * edge
            picture = tile.resize((inner, inner), Image.Resampling.NEAREST)
            canvas.paste(picture, (x + edge, y + edge))


def _measures(canvas: tuple[int, int], count: int) -> tuple[int, int]:
    gap = min(canvas) // 32
    columns = min(count, PER_ROW)
    rows = math.ceil(count / PER_ROW)
    widest = (canvas[0] - gap) // columns - gap
    return min(widest, min(canvas) // (4 if rows == 1 else 6)), gap


def _sheet(references: tuple[Reference, ...]) -> Image.Image:
    sheet = Image.new("RGB", (TILE * len(references), TILE))
    for index, reference in enumerate(references):
        tile = reference.tile or _placeholder(index + 1)
        sheet.paste(ImageOps.fit(tile, (TILE, TILE)), (index * TILE, 0))
    return sheet


def _placeholder(number: int) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE), PLACEHOLDER)
    pen = ImageDraw.Draw(tile)
    margin = TILE // 10
    pen.rectangle(
        (margin, margin, TILE - margin, TILE - margin), outline=PLACEHOLDER_LINES, width=6
    )
    font = ImageFont.load_default(TILE // 9)
    pen.text((TILE // 2, TILE // 2), f"reference {number}", PLACEHOLDER_LINES, font, anchor="mm")
    return tile
