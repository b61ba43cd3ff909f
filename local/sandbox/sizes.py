"""Sizes in pixels: APIXO's presets, ByteDance's limits, and what follows a reference's shape."""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

MIN_PIXELS: Final = 3_686_400
MAX_PIXELS: Final = 16_777_216
MAX_RATIO: Final = 16
STEP: Final = 16

type Resolution = Literal["2K", "3K", "4K"]
type Ratio = Literal["1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "21:9"]

_WRITTEN = re.compile(r"([1-9]\d{0,4})[xX*]([1-9]\d{0,4})")


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        return self.width * self.height


_2K: Final[dict[Ratio, Size]] = {
    "1:1": Size(2048, 2048),
    "2:3": Size(1664, 2496),
    "3:2": Size(2496, 1664),
    "3:4": Size(1728, 2304),
    "4:3": Size(2304, 1728),
    "9:16": Size(1600, 2848),
    "16:9": Size(2848, 1600),
    "21:9": Size(3136, 1344),
}
_4K: Final[dict[Ratio, Size]] = {
    "1:1": Size(4096, 4096),
    "2:3": Size(3328, 4992),
    "3:2": Size(4992, 3328),
    "3:4": Size(3520, 4704),
    "4:3": Size(4704, 3520),
    "9:16": Size(3040, 5504),
    "16:9": Size(5504, 3040),
    "21:9": Size(6240, 2656),
}
# No provider publishes 3K sizes: the 2K ones half as large again keep every rule.
_3K: Final[dict[Ratio, Size]] = {
    ratio: Size(size.width * 3 // 2, size.height * 3 // 2) for ratio, size in _2K.items()
}
_PRESETS: Final[dict[Resolution, dict[Ratio, Size]]] = {"2K": _2K, "3K": _3K, "4K": _4K}


def preset(resolution: Resolution, ratio: Ratio = "1:1") -> Size:
    return _PRESETS[resolution][ratio]


def shaped_like(shape: Size, resolution: Resolution) -> Size:
    """Return a size of the resolution's area with the shape's ratio, as far as the limits go."""
    ratio = min(max(shape.width / shape.height, 1 / MAX_RATIO), MAX_RATIO)
    area = preset(resolution).pixels
    return Size(_stepped(math.sqrt(area * ratio)), _stepped(math.sqrt(area / ratio)))


def written(text: str) -> Size | None:
    """Read `2K`, `4K`, `WxH`, `WXH` or `W*H`."""
    if text in {"2K", "4K"}:
        return preset("2K" if text == "2K" else "4K")
    found = _WRITTEN.fullmatch(text)
    return Size(int(found[1]), int(found[2])) if found else None


def broken_limit(size: Size) -> str | None:
    """Say which of ByteDance's limits a size breaks."""
    if size.pixels < MIN_PIXELS:
        return f"image size must be at least {MIN_PIXELS} pixels"
    if size.pixels > MAX_PIXELS:
        return f"image size must be at most {MAX_PIXELS} pixels"
    if max(size.width, size.height) > MAX_RATIO * min(size.width, size.height):
        return f"aspect ratio must be between 1/{MAX_RATIO} and {MAX_RATIO}"
    return None


def _stepped(length: float) -> int:
    # A hair above the multiple below: 8192.0 must not become 8176 by a rounding of the root.
    return int(length + 1e-6) // STEP * STEP
