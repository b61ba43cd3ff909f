"""The palette of a drawn result."""

import colorsys
import hashlib
from typing import Final

PANEL: Final = 240
WHITE: Final = 255
INKS: Final = range(PANEL, WHITE + 1)
TILE_COLOURS: Final = 96


def landscape_steps(tile_colours: list[int]) -> int:
    return PANEL - len(tile_colours) // 3


def palette(prompt: str, tile_colours: list[int]) -> list[int]:
    """Return 256 colours: landscape, then the tiles', then panel to white."""
    digest = hashlib.sha256(prompt.encode()).digest()
    hue = digest[0] / 256
    turn = (40 + digest[1] % 50) / 256 * (1 if digest[2] % 2 else -1)
    light, deep = (hue, 0.86, 0.75), (hue + turn, 0.30, 0.55)
    panel, white = (hue + turn, 0.13, 0.45), (hue + turn, 1.0, 0.45)
    landscape = _ramp(light, deep, landscape_steps(tile_colours))
    return [*landscape, *tile_colours, *_ramp(panel, white, len(INKS))]


type _Colour = tuple[float, float, float]


def _ramp(start: _Colour, end: _Colour, steps: int) -> list[int]:
    """Go round the colour circle: straight through it, pink to green passes mud."""
    shades = (
        [
            first + (last - first) * step / (steps - 1)
            for first, last in zip(start, end, strict=True)
        ]
        for step in range(steps)
    )
    return [
        round(255 * part)
        for hue, light, depth in shades
        for part in colorsys.hls_to_rgb(hue % 1, light, depth)
    ]
