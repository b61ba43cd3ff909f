"""Draws a result: a landscape coloured by the prompt, with the request written on it.

Everything is drawn as palette indexes in one 8-bit plane, which makes a 4K picture cheap to
draw and small to store. The palette holds a ramp for the landscape, a ramp from the panel's colour
to white (so that letters keep smooth edges), and the colours of the reference tiles.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, ImageChops, ImageDraw

from local.sandbox.colours import PANEL, WHITE, landscape_steps, palette
from local.sandbox.references import Reference
from local.sandbox.sizes import Size
from local.sandbox.tiles import Tiles
from local.sandbox.writing import write_panel

type ImageFormat = Literal["png", "jpeg"]

SMALL: Final = 512  # the landscape is drawn this large and stretched
HILLS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    size: Size
    image_format: ImageFormat
    prompt: str
    provider: str
    model: str
    task_id: str
    number: int
    total: int
    references: tuple[Reference, ...] = ()


def draw(sketch: Sketch) -> bytes:
    """Return the encoded picture: the same bytes for the same sketch."""
    tiles = Tiles(sketch.references)
    canvas = _landscape(sketch, steps=landscape_steps(tiles.colours))
    write_panel(canvas, title=sketch.prompt, caption=_caption(sketch), ink=WHITE, paper=PANEL)
    tiles.paste_on(canvas, frame=WHITE)
    canvas.putpalette(palette(sketch.prompt, tiles.colours))
    return _encoded(canvas, sketch.image_format)


def _caption(sketch: Sketch) -> list[str]:
    dot = "  \N{MIDDLE DOT}  "
    number, size = f"image {sketch.number} of {sketch.total}", sketch.size
    return [
        f"{sketch.model}{dot}{sketch.provider} sandbox",
        f"{number}{dot}{size.width} x {size.height}",
    ]


def _landscape(sketch: Sketch, *, steps: int) -> Image.Image:
    """Draw a diagonal gradient under a sun, behind hills that go on down the same ramp."""
    sky = steps * 6 // 10
    width, height = _small(sketch.size)
    slope = Image.linear_gradient("L").resize((width, height))
    side = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((width, height))
    plane = ImageChops.add(slope, side, scale=2).point(
        [value * (sky - 1) // 255 for value in range(256)]
    )
    chance = hashlib.sha256(f"{sketch.task_id}/{sketch.number}".encode()).digest()
    _add_sun(plane, chance)
    for layer in range(HILLS):
        _add_hill(plane, chance[4 + 3 * layer :], layer, shade=(steps - sky) // HILLS)
    return plane.resize((sketch.size.width, sketch.size.height), Image.Resampling.BILINEAR)


def _small(size: Size) -> tuple[int, int]:
    scale = SMALL / max(size.width, size.height)
    return max(1, round(size.width * scale)), max(1, round(size.height * scale))


def _add_sun(plane: Image.Image, chance: bytes) -> None:
    width, height = plane.size
    radius = min(plane.size) * (10 + chance[0] % 8) // 100
    x, y = width * (20 + chance[1] % 60) // 100, height * (18 + chance[2] % 20) // 100
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(plane).ellipse(box, fill=0)


def _add_hill(plane: Image.Image, chance: bytes, layer: int, *, shade: int) -> None:
    width, height = plane.size
    reach = width * (60 + chance[0] % 50) // 100
    x = width * (chance[1] % 100) // 100
    top = height * (42 + 11 * layer + chance[2] % 12) // 100
    shadow = Image.new("L", plane.size)
    ImageDraw.Draw(shadow).ellipse((x - reach, top, x + reach, top + 2 * height), fill=shade)
    plane.paste(ImageChops.add(plane, shadow))


def _encoded(canvas: Image.Image, image_format: ImageFormat) -> bytes:
    out = io.BytesIO()
    if image_format == "png":
        canvas.save(out, "PNG", compress_level=6)
    else:
        canvas.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()
