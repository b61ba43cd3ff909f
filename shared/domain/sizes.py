"""Sizes in pixels: how they are written, which have names, and what bounds them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

_WRITTEN: Final = re.compile(r"([1-9][0-9]{1,4})[xX*]([1-9][0-9]{1,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        return self.width * self.height


class SizeName(NamedTuple):
    """What providers call a size instead of telling its sides."""

    resolution: str
    aspect_ratio: str


# By resolution and aspect ratio, the smallest resolution first.
type Presets = Mapping[str, Mapping[str, Size]]


def written(text: str) -> Size | None:
    """Read `WxH`, `WXH` or `W*H`."""
    found = _WRITTEN.fullmatch(text)
    return Size(width=int(found[1]), height=int(found[2])) if found else None


def plainly(text: str) -> str:
    """Return a size in its first spelling, and any other text as it is."""
    size = written(text)
    return str(size) if size else text


def name_of(size: Size, presets: Presets) -> SizeName | None:
    return next(
        (
            SizeName(resolution, aspect_ratio)
            for resolution, ratios in presets.items()
            for aspect_ratio, known in ratios.items()
            if known == size
        ),
        None,
    )


def resolution_of(size: Size, presets: Presets) -> str | None:
    """Return the smallest resolution that is as large: what takes no longer than that."""
    return next(
        (
            resolution
            for resolution, ratios in presets.items()
            if size.pixels <= max(known.pixels for known in ratios.values())
        ),
        None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLimits:
    """Bounds on a size: its area, its shape and, where the provider has such, each side."""

    min_pixels: int
    max_pixels: int
    max_ratio: int
    min_side: int = 1
    max_side: int | None = None

    def complaint(self, size: Size) -> str | None:
        """Return what is wrong with the size, or None."""
        shorter, longer = sorted((size.width, size.height))
        if shorter < self.min_side or (self.max_side and longer > self.max_side):
            return f"each side must have {self.min_side} to {self.max_side} pixels, not {size}"
        if not self.min_pixels <= size.pixels <= self.max_pixels:
            return (
                f"{size} has {size.pixels} pixels; allowed are "
                f"{self.min_pixels} to {self.max_pixels}"
            )
        if longer > self.max_ratio * shorter:
            return f"sides may differ at most {self.max_ratio} to 1"
        return None

    def __str__(self) -> str:
        told = f"{self.min_pixels} to {self.max_pixels} pixels, sides at most {self.max_ratio} to 1"
        return f"{told}, each side {self.min_side} to {self.max_side}" if self.max_side else told
