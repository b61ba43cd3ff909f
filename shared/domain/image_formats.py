"""How PNG, JPEG, WebP and GIF files are put together, as far as type, size and end go.

Each format is a walk: a generator that asks for the next step through the file, is handed what
the step found, and returns width and height when it has seen the end.
"""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol


class Unsound(Exception):
    """The file is of no known format, or breaks the rules of its own."""


class Step(Protocol):
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
class FindMarker:
    """Find the next JPEG marker that is neither stuffing, fill nor a restart."""

    is_in_scan: bool  # whether the pixels of a picture have begun

    def take(self, pending: bytearray) -> bytes | None:
        match = _JPEG_MARKER.search(pending)
        if match is None:
            del pending[:-1]  # the last byte may be the first half of a marker
            return None
        code = match[1]
        del pending[: match.end()]
        return code


type Walk = Generator[Step, bytes, tuple[int, int]]
type Sizes = list[tuple[int, int]]  # as the header tells, before the end has come

HEAD_BYTES: Final = 12

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


def _png(told: Sizes) -> Walk:
    yield _Skip(8)
    if (yield _Take(8)) != _PNG_IHDR:
        raise Unsound("a PNG without its header")
    header = yield _Take(13)
    size = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    told.append(size)
    yield _Skip(4)
    kind, drawn = b"IHDR", False
    while kind != b"IEND":
        length, kind = _png_chunk((yield _Take(8)))
        drawn = drawn or kind == b"IDAT"
        yield _Skip(length + 4)
    return _sound(size, drawn=drawn)


def _png_chunk(head: bytes) -> tuple[int, bytes]:
    length, kind = int.from_bytes(head[:4]), head[4:]
    if length > _PNG_LONGEST_CHUNK or not kind.isalpha():
        raise Unsound("a PNG that is out of step")
    return length, kind


def _jpeg(told: Sizes) -> Walk:
    yield _Skip(2)
    size: tuple[int, int] | None = None
    drawn = False
    while (marker := (yield FindMarker(is_in_scan=drawn))[0]) != _JPEG_EOI:
        if marker == _JPEG_TEM:
            continue
        if marker < _JPEG_FIRST_SEGMENT or marker == _JPEG_SOI:
            raise Unsound("a JPEG with a marker out of place")
        left = int.from_bytes((yield _Take(2))) - 2
        if size is None and marker in _JPEG_FRAMES:
            frame = yield _Take(5)
            size = int.from_bytes(frame[3:]), int.from_bytes(frame[1:3])
            told.append(size)
            left -= len(frame)
        if left < 0:
            raise Unsound("a JPEG that is out of step")
        drawn = drawn or (marker == _JPEG_SOS and size is not None)
        yield _Skip(left)
    return _sound(size, drawn=drawn)


def _webp(told: Sizes) -> Walk:
    head = yield _Take(20)
    if head[12:16] not in _WEBP_CHUNKS:
        raise Unsound("a WebP without a picture")
    needed, read_size = _WEBP_CHUNKS[head[12:16]]
    left = _little(head[4:8]) + 8 - len(head)
    if left < max(needed, _little(head[16:20])):
        raise Unsound("a WebP with a chunk larger than itself")
    size = read_size((yield _Take(needed)))
    told.extend([size] if size else [])
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


def _gif(told: Sizes) -> Walk:
    head = yield _Take(13)
    size = _little(head[6:8]), _little(head[8:10])
    told.append(size)
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
            raise Unsound("a GIF that is out of step")
        while length := (yield _Take(1))[0]:
            yield _Skip(length)
    return _sound(size, drawn=drawn)


def _gif_palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")


def _sound(size: tuple[int, int] | None, *, drawn: bool) -> tuple[int, int]:
    if size is None or 0 in size or not drawn:
        raise Unsound("an image without a picture")
    return size


class Format(NamedTuple):
    content_type: str
    extension: str
    signature: re.Pattern[bytes]
    walk: Callable[[Sizes], Walk]


_FORMATS: Final = (
    Format("image/png", "png", re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    Format("image/jpeg", "jpg", re.compile(rb"\xff\xd8\xff"), _jpeg),
    Format("image/webp", "webp", re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
    Format("image/gif", "gif", re.compile(rb"GIF8[79]a"), _gif),
)


def recognise(head: bytearray) -> Format:
    for known in _FORMATS:
        if known.signature.match(head):
            return known
    raise Unsound("neither PNG, JPEG, WebP nor GIF")
