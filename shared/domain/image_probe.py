"""What an image file says of itself, read from its bytes as they pass by.

Enough is read to know the type, the size in pixels and whether the end of the file came. Pixels
are not decoded, and bytes after the end count for nothing.
"""

from dataclasses import dataclass
from typing import Final

from shared.domain import image_kinds
from shared.domain.image_formats import (
    HEAD_BYTES,
    FindMarker,
    Format,
    Sizes,
    Step,
    Unsound,
    Walk,
    recognise,
)
from shared.domain.image_kinds import Kind, NotKept, kind_of
from shared.domain.jpeg_scan import holds_whole_picture

# A hostile file made of the smallest possible parts would cost seconds; a 60 MB GIF has 500,000.
_MOST_STEPS: Final = 1_000_000


class NotAnImage(Exception):
    """The bytes are no PNG, JPEG, WebP or GIF, or not a sound one."""


class Truncated(Exception):
    """An image whose end never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """`width` and `height` are None where the file does not say them in a way that is read here."""

    content_type: str
    extension: str
    width: int | None
    height: int | None


class ImageProbe:
    """Takes a file in pieces of any size and keeps its first bytes alone.

    Feeding never raises: who streams a file may want all of it, whatever it turns out to be.
    """

    def __init__(self) -> None:
        self._head = bytearray()
        self._pending = bytearray()
        self._steps = 0
        self._step: Step | None = None
        self._walk: Walk | None = None
        self._format: Format | None = None
        self._told: Sizes = []
        self._size: tuple[int, int] | None = None
        self._flaw: str | None = None

    def feed(self, chunk: bytes) -> None:
        if (missing := image_kinds.HEAD_BYTES - len(self._head)) > 0:
            self._head += chunk[:missing]
        if self._size or self._flaw:
            return
        self._pending += chunk
        try:
            self._go_on()
        except StopIteration as end:
            self._size = end.value
            self._pending.clear()
        except Unsound as exc:
            self._flaw = str(exc)
            self._pending.clear()

    @property
    def is_sound(self) -> bool:
        """Whether a whole image of a format known here has passed."""
        return self._size is not None

    @property
    def is_of_another_format(self) -> bool:
        """Whether the bytes, so far, are of no format whose end could be recognised."""
        return self._format is None

    @property
    def lacks_only_its_end(self) -> bool:
        """Whether this is a JPEG whose picture began and whose end marker did not come."""
        is_open = self._flaw is None and self._size is None
        return is_open and isinstance(self._step, FindMarker) and self._step.is_in_scan

    def kind(self) -> Kind:
        """Return the type of what has passed. Raises NotAnImage for what is none at all."""
        if self._format:
            return Kind(self._format.content_type, self._format.extension)
        try:
            return kind_of(bytes(self._head))
        except NotKept as exc:
            raise NotAnImage(str(exc)) from exc

    def finish(self) -> ImageFacts:
        """Raise NotAnImage or Truncated unless a whole image has passed."""
        if self._flaw or self._format is None:
            raise NotAnImage(self._flaw or "too short for any image")
        if self._size is None:
            raise Truncated(f"the end of the {self._format.extension} is missing")
        return self._facts(self._size)

    def facts(self) -> ImageFacts:
        """Describe what has passed, whole or not. Raises NotAnImage for what is none at all."""
        return self._facts(self._size or next(iter(self._told), None))

    def _facts(self, size: tuple[int, int] | None) -> ImageFacts:
        kind, (width, height) = self.kind(), size or (None, None)
        return ImageFacts(
            content_type=kind.content_type,
            extension=kind.extension,
            width=width or None,
            height=height or None,
        )

    def _go_on(self) -> None:
        if self._walk is None or self._step is None:
            if len(self._pending) < HEAD_BYTES:
                return
            self._format = recognise(self._pending)
            self._walk = self._format.walk(self._told)
            self._step = next(self._walk)
        while (found := self._step.take(self._pending)) is not None:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise Unsound("too many parts")
            self._step = self._walk.send(found)


def facts_of_reference(content: bytes) -> ImageFacts:
    """Read an image that is to be sent; a JPEG that lacks nothing but its end marker will do.

    Raises NotAnImage or Truncated.
    """
    probe = ImageProbe()
    probe.feed(content)
    if probe.lacks_only_its_end and holds_whole_picture(content):
        return probe.facts()
    return probe.finish()
