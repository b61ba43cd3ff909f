"""How large an image shall be: what a provider can make, and the three ways it is told so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, assert_type

from shared.domain.errors import FieldError
from shared.domain.field_rules import FieldRule
from shared.domain.sizes import Presets, Size, name_of, resolution_of, written
from shared.domain.wanted import JobInput

type Wire = dict[str, object]

SHAPE_FIELDS: Final = ("resolution", "aspect_ratio", "size")


class Dimensions(StrEnum):
    """How a provider is told."""

    AS_WRITTEN = "as_written"  # resolution and aspect ratio, or any size as it was written
    BY_NAME = "by_name"  # resolution and aspect ratio: a size must be one that they name
    IN_PIXELS = "in_pixels"  # one field for all: a resolution alone, or width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaping:
    """What one model at one provider makes of resolution, aspect ratio and size."""

    dimensions: Dimensions
    rules: Mapping[str, FieldRule]
    presets: Presets

    def on_the_wire(self, wanted: JobInput) -> Wire:
        """Say resolution, aspect ratio and size in the provider's own fields."""
        said = self._said(wanted)
        return {self.rules[name].wire: value for name, value in said.items() if value is not None}

    def complaints(self, wanted: JobInput) -> Iterator[FieldError]:
        """Look at what is good by itself, and may be too large or wrong together."""
        others = (wanted.resolution, wanted.aspect_ratio)
        if wanted.size is not None and others != (None, None):
            message = "size excludes resolution and aspect_ratio"
            yield FieldError(pointer="/size", code="excluded", message=message)
        size = written(wanted.size or "")
        if size and (limit := self._limit(size)):
            message = f"{limit}{self._sizes_that_fit()}"
            yield FieldError(pointer="/size", code="not_allowed", message=message)
        if wanted.aspect_ratio:
            yield from self._misfit(self._named_resolution(wanted), wanted.aspect_ratio)

    def resolution(self, wanted: JobInput) -> str | None:
        """Return the resolution that is wanted, however it was said."""
        size = written(wanted.size or "")
        if size:
            return resolution_of(size, self.presets)
        return wanted.size or self._named_resolution(wanted)

    def aspect_ratios(self, resolution: str) -> tuple[str, ...]:
        """Return those that can be had at a resolution."""
        known = self.presets.get(resolution, {})
        return tuple(
            ratio
            for ratio in (self.rules["aspect_ratio"].values if "aspect_ratio" in self.rules else ())
            if ratio not in known or not self._limit(known[ratio])
        )

    def _said(self, wanted: JobInput) -> Mapping[str, object]:
        match self.dimensions:
            case Dimensions.AS_WRITTEN:
                return {name: getattr(wanted, name) for name in SHAPE_FIELDS}
            case Dimensions.BY_NAME:
                return self._names(wanted)
            case last:
                assert_type(last, Literal[Dimensions.IN_PIXELS])
                return {"size": self._word_or_sides(wanted)}

    def _names(self, wanted: JobInput) -> Mapping[str, object]:
        size = written(wanted.size or "")
        name = name_of(size, self.presets) if size else None
        if name:
            return name._asdict()
        return {"resolution": wanted.size or wanted.resolution, "aspect_ratio": wanted.aspect_ratio}

    def _word_or_sides(self, wanted: JobInput) -> object:
        size = written(wanted.size or "")
        if wanted.aspect_ratio:
            size = self.presets[self._named_resolution(wanted) or ""][wanted.aspect_ratio]
        if size:
            return {"width": size.width, "height": size.height}
        return wanted.size or wanted.resolution

    def _named_resolution(self, wanted: JobInput) -> str | None:
        rule = self.rules.get("resolution")
        unsaid = (rule.default or rule.implied) if rule else None
        return wanted.resolution or (str(unsaid) if unsaid else None)

    def _limit(self, size: Size) -> str | None:
        limits = self.rules["size"].pixels if "size" in self.rules else None
        return limits.complaint(size) if limits else None

    def _misfit(self, resolution: str | None, aspect_ratio: str) -> Iterator[FieldError]:
        size = self.presets.get(resolution or "", {}).get(aspect_ratio)
        limit = self._limit(size) if size else None
        if limit:
            others = ((name, self.aspect_ratios(name)) for name in self._resolutions())
            told = "; ".join(f"{name} has {', '.join(ratios)}" for name, ratios in others)
            message = f"{aspect_ratio} at {resolution}: {limit}; {told}"
            yield FieldError(pointer="/aspect_ratio", code="not_allowed", message=message)

    def _sizes_that_fit(self) -> str:
        """Name them where not all of the known ones do."""
        known = [s for name in self._resolutions() for s in self.presets.get(name, {}).values()]
        fitting = [str(size) for size in known if not self._limit(size)]
        return "" if len(fitting) == len(known) else f"; these fit: {', '.join(fitting)}"

    def _resolutions(self) -> tuple[str, ...]:
        return self.rules["resolution"].values if "resolution" in self.rules else ()
