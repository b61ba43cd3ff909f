"""What an image file says of itself, read from its bytes as they pass by.

Enough is read to know the type, the size in pixels and whether the end of the file came. Pixels
are not decoded, and bytes after the end count for nothing.

Each format is a walk: a generator that asks for the next step through the file, is handed what
the step found, and returns width and height when it has seen the end.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol


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
        self._step: _Step | None = None
        self._walk: _Walk | None = None
        self._format: _Format | None = None
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
        except NotAnImage as exc:
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

    def _known_format(self) -> "_Format":
        if not self.format_known or self._format is None:
            raise NotAnImage("too short for any image")
        return self._format

    def _go_on(self) -> None:
        if self._walk is None or self._step is None:
            if len(self._pending) < _HEAD_BYTES:
                return
            self._format = _recognise(self._pending)
            self._walk = self._format.walk()
            self._step = next(self._walk)
        while (found := self._step.take(self._pending)) is not None:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise NotAnImage("too many parts")
            self._step = self._walk.send(found)


class _Step(Protocol):
    def take(self, pending: bytearray) -> bytes | None:
        """Remove what the step needs and return what it found; None means more must come."""
        ...


@dataclass(slots=True)
class _Take:
    count: int

    def take(self, pending: bytearray) -> bytes | None:
        if len(pending) < self.count:
            return None
        taken = bytes(pending[: self.count])
        del pending[: self.count]
        return taken


@dataclass(slots=True)
class _Skip:
    left: int

    def take(self, pending: bytearray) -> bytes | None:
        dropped = min(self.left, len(pending))
        del pending[:dropped]
        self.left -= dropped
        return None if self.left else b""


@dataclass(slots=True)
class _FindMarker:
    """Find the next JPEG marker that is neither stuffing, fill nor a restart."""

    def take(self, pending: bytearray) -> bytes | None:
        match = _JPEG_MARKER.search(pending)
        if match is None:
            del pending[:-1]  # the last byte may be the first half of a marker
            return None
        code = match[1]
        del pending[: match.end()]
        return code


type _Walk = Generator[_Step, bytes, tuple[int, int]]

_HEAD_BYTES: Final = 12
# A hostile file made of the smallest possible parts would cost seconds; a 60 MB GIF has 500,000.
_MOST_STEPS: Final = 1_000_000

_PNG_IHDR: Final = b"\x00\x00\x00\x0dIHDR"
_PNG_LONGEST_CHUNK: Final = 2**31 - 1

_JPEG_MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_JPEG_TEM: Final = 0x01
_JPEG_FIRST_SEGMENT: Final = 0xC0
_JPEG_SOI: Final = 0xD8
_JPEG_EOI: Final = 0xD9
_JPEG_SOS: Final = 0xDA
# C4, C8 and CC lie among the frame headers but are tables and a reserved code.
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _png() -> _Walk:
    yield _Skip(8)
    if (yield _Take(8)) != _PNG_IHDR:
        raise NotAnImage("a PNG without its header")
    header = yield _Take(13)
    yield _Skip(4)
    kind, drawn = b"IHDR", False
    while kind != b"IEND":
        length, kind = _png_chunk((yield _Take(8)))
        drawn = drawn or kind == b"IDAT"
        yield _Skip(length + 4)
    size = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    return _sound(size, drawn=drawn)


def _png_chunk(head: bytes) -> tuple[int, bytes]:
    length, kind = int.from_bytes(head[:4]), head[4:]
    if length > _PNG_LONGEST_CHUNK or not kind.isalpha():
        raise NotAnImage("a PNG that is out of step")
    return length, kind


def _jpeg() -> _Walk:
    yield _Skip(2)
    size: tuple[int, int] | None = None
    drawn = False
    while (marker := (yield _FindMarker())[0]) != _JPEG_EOI:
        if marker == _JPEG_TEM:
            continue
        if marker < _JPEG_FIRST_SEGMENT or marker == _JPEG_SOI:
            raise NotAnImage("a JPEG with a marker out of place")
        left = int.from_bytes((yield _Take(2))) - 2
        if size is None and marker in _JPEG_FRAMES:
            frame = yield _Take(5)
            size = int.from_bytes(frame[3:]), int.from_bytes(frame[1:3])
            left -= len(frame)
        if left < 0:
            raise NotAnImage("a JPEG that is out of step")
        drawn = drawn or (marker == _JPEG_SOS and size is not None)
        yield _Skip(left)
    return _sound(size, drawn=drawn)


def _webp() -> _Walk:
    head = yield _Take(20)
    if head[12:16] not in _WEBP_CHUNKS:
        raise NotAnImage("a WebP without a picture")
    needed, read_size = _WEBP_CHUNKS[head[12:16]]
    left = _little(head[4:8]) + 8 - len(head)
    if left < max(needed, _little(head[16:20])):
        raise NotAnImage("a WebP with a chunk larger than itself")
    size = read_size((yield _Take(needed)))
    yield _Skip(left - needed)
    return _sound(size, drawn=True)


def _lossy_size(chunk: bytes) -> tuple[int, int] | None:
    if chunk[0] & 1 or chunk[3:6] != b"\x9d\x01\x2a":
        return None
    return _little(chunk[6:8]) & 0x3FFF, _little(chunk[8:10]) & 0x3FFF


def _lossless_size(chunk: bytes) -> tuple[int, int] | None:
    if chunk[:1] != b"\x2f":
        return None
    bits = _little(chunk[1:5])
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _canvas_size(chunk: bytes) -> tuple[int, int] | None:
    return _little(chunk[4:7]) + 1, _little(chunk[7:10]) + 1


_WEBP_CHUNKS: Final[dict[bytes, tuple[int, Callable[[bytes], tuple[int, int] | None]]]] = {
    b"VP8 ": (10, _lossy_size),
    b"VP8L": (5, _lossless_size),
    b"VP8X": (10, _canvas_size),
}


def _gif() -> _Walk:
    head = yield _Take(13)
    yield _Skip(_gif_palette_bytes(head[10]))
    drawn = False
    while (block := (yield _Take(1))) != b";":
        if block == b",":
            descriptor = yield _Take(9)
            yield _Skip(_gif_palette_bytes(descriptor[8]) + 1)
            drawn = True
        elif block == b"!":
            yield _Skip(1)
        else:
            raise NotAnImage("a GIF that is out of step")
        while length := (yield _Take(1))[0]:
            yield _Skip(length)
    return _sound((_little(head[6:8]), _little(head[8:10])), drawn=drawn)


def _gif_palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")


def _sound(size: tuple[int, int] | None, *, drawn: bool) -> tuple[int, int]:
    if size is None or 0 in size or not drawn:
        raise NotAnImage("an image without a picture")
    return size


class _Format(NamedTuple):
    content_type: str
    extension: str
    signature: re.Pattern[bytes]
    walk: Callable[[], _Walk]


_FORMATS: Final = (
    _Format("image/png", "png", re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    _Format("image/jpeg", "jpg", re.compile(rb"\xff\xd8\xff"), _jpeg),
    _Format("image/webp", "webp", re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    _Format("image/gif", "gif", re.compile(rb"GIF8[79]a"), _gif),
)


def _recognise(head: bytearray) -> _Format:
    for known in _FORMATS:
        if known.signature.match(head):
            return known
    raise NotAnImage("neither PNG, JPEG, WebP nor GIF")
