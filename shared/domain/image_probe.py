"""What an image file says of itself, read from its bytes as they pass by.

Enough is read to know the type, the size in pixels and whether the end of the file came. Pixels
are not decoded, and bytes after the end count for nothing.
"""

from dataclasses import dataclass
from typing import Final

from shared.domain.image_formats import HEAD_BYTES, Format, Step, Unsound, Walk, recognise

# A hostile file made of the smallest possible parts would cost seconds; a 60 MB GIF has 500,000.
_MOST_STEPS: Final = 1_000_000


class NotAnImage(Exception):
    """The bytes are no PNG, JPEG, WebP or GIF, or not a sound one."""


class Truncated(Exception):
    """An image whose end never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    content_type: str
    extension: str
    width: int
    height: int


class ImageProbe:
    """Takes a file in pieces of any size and keeps none of it.

    Feeding never raises: who streams a file may want all of it, whatever it turns out to be.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._steps = 0
        self._step: Step | None = None
        self._walk: Walk | None = None
        self._format: Format | None = None
        self._size: tuple[int, int] | None = None
        self._flaw: str | None = None

    def feed(self, chunk: bytes) -> None:
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
    def format_known(self) -> bool:
        """Tell whether the first 12 bytes have come. Raises NotAnImage if they are of no format."""
        if self._flaw and self._format is None:
            raise NotAnImage(self._flaw)
        return self._format is not None

    @property
    def content_type(self) -> str:
        return self._known_format().content_type

    @property
    def extension(self) -> str:
        return self._known_format().extension

    def finish(self) -> ImageFacts:
        """Raise NotAnImage or Truncated unless a whole image has passed."""
        known = self._known_format()
        if self._flaw:
            raise NotAnImage(self._flaw)
        if self._size is None:
            raise Truncated(f"the end of the {known.extension} is missing")
        width, height = self._size
        return ImageFacts(
            content_type=known.content_type, extension=known.extension, width=width, height=height
        )

    def _known_format(self) -> Format:
        if not self.format_known or self._format is None:
            raise NotAnImage("too short for any image")
        return self._format

    def _go_on(self) -> None:
        if self._walk is None or self._step is None:
            if len(self._pending) < HEAD_BYTES:
                return
            self._format = recognise(self._pending)
            self._walk = self._format.walk()
            self._step = next(self._walk)
        while (found := self._step.take(self._pending)) is not None:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise Unsound("too many parts")
            self._step = self._walk.send(found)
