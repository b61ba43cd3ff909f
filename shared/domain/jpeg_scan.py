"""Whether a JPEG's scan holds its whole picture: it is decoded as far as counting its blocks.

For files that lack their end marker alone. Baseline files of one scan are read, up to 4 MiB and
four million codes, which takes seconds; of others nobody knows here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_LONGEST: Final = 4 * 1024 * 1024  # bytes; a second for each million
_BASELINE: Final = frozenset({0xC0, 0xC1})
_DHT, _SOS, _DRI = 0xC4, 0xDA, 0xDD
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_COEFFICIENTS: Final = 64
_SIXTEEN_ZEROS: Final = 0xF0
_CODES: Final = 1 << 16  # how many there are of 16 bits
_TABLE_IDS: Final = frozenset({0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13})
# What a small file may cost: tables that are read, and codes that are decoded.
_MAX_TABLES: Final = 16
_MAX_DECODED: Final = 4_000_000
_PADDING: Final = b"\xff" * 4  # so that the last code can be read with what would follow it

type _Codes = Sequence[int]  # by the next 16 bits: length of the code << 8 | its symbol; 0: none


@dataclass(slots=True)
class _Header:
    width: int = 0
    height: int = 0
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)  # by component
    codes: dict[int, _Codes] = field(default_factory=dict)  # by class and number
    tables: int = 0  # how many were read; a later one takes the place of one of its id
    restart_interval: int = 0
    blocks: list[tuple[_Codes, _Codes]] = field(default_factory=list)  # of one unit, in order
    scan: bytes = b""

    @property
    def units(self) -> int:
        """How many units of blocks the picture has; a picture of one component has single ones."""
        is_grey = len(self.sampling) == 1
        wide = 1 if is_grey else max(h for h, _ in self.sampling.values())
        high = 1 if is_grey else max(v for _, v in self.sampling.values())
        return -(-self.width // (8 * wide)) * -(-self.height // (8 * high))


def holds_whole_picture(content: bytes) -> bool:
    """Tell whether all blocks of the picture are there; False also where that is not known."""
    if len(content) > _LONGEST:
        return False
    try:
        header = _read(content)
        return bool(header.blocks) and _is_complete(header)
    except (IndexError, KeyError, ValueError):
        return False


def _read(content: bytes) -> _Header:
    header, at = _Header(), 2
    while True:
        code, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        body = content[at + 4 : at + 2 + length]
        at += 2 + length
        if code in _BASELINE:
            header.height, header.width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            parts = range(6, 6 + 3 * body[5], 3)
            header.sampling = {body[n]: (body[n + 1] >> 4, body[n + 1] & 15) for n in parts}
        elif code == _DHT:
            for name, codes in _tables(body):
                header.tables += 1
                if header.tables > _MAX_TABLES:
                    raise ValueError("too many tables")
                header.codes[name] = codes
        elif code == _DRI:
            header.restart_interval = int.from_bytes(body)
        elif code == _SOS:
            header.scan = content[at:]
            header.blocks = list(_blocks(header, body))
            return header


def _tables(body: bytes) -> Iterator[tuple[int, _Codes]]:
    """Raises ValueError for a table that no decoder would take."""
    at = 0
    while at < len(body):
        if body[at] not in _TABLE_IDS:
            raise ValueError("no such table")
        counts = body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        yield body[at], _codes(counts, symbols)
        at += 17 + sum(counts)


def _codes(counts: bytes, symbols: bytes) -> _Codes:
    if sum(count << 16 - length for length, count in enumerate(counts, start=1)) > _CODES:
        raise ValueError("more codes than there are")
    codes, left = list[int](), iter(symbols)
    for length, count in enumerate(counts, start=1):
        for _ in range(count):
            codes += [length << 8 | next(left, 0)] * (1 << 16 - length)
    return codes + [0] * (_CODES - len(codes))


def _blocks(header: _Header, body: bytes) -> Iterator[tuple[_Codes, _Codes]]:
    """Yield the tables of each block of a unit. Raises ValueError unless one scan holds it all."""
    if body[0] != len(header.sampling):
        raise ValueError("not all in one scan")
    for at in range(1, 1 + 2 * body[0], 2):
        wide, high = header.sampling[body[at]] if body[0] > 1 else (1, 1)
        tables = header.codes[body[at + 1] >> 4], header.codes[0x10 | body[at + 1] & 15]
        yield from [tables] * (wide * high)


def _is_complete(header: _Header) -> bool:
    left, decoded = header.units, 0
    for part in _RESTART.split(header.scan):
        here = min(left, header.restart_interval or left)
        more = _decoded(part.replace(b"\xff\0", b"\xff"), header.blocks, here, decoded)
        if more is None:
            return False
        left, decoded = left - here, decoded + more
    return left == 0


def _decoded(
    bits: bytes, blocks: Sequence[tuple[_Codes, _Codes]], units: int, before: int
) -> int | None:
    """Return of how many codes the units consist; None when they end before they are whole."""
    end, at, padded, decoded = 8 * len(bits), 0, bits + _PADDING, 0
    for _ in range(units):
        for tables in blocks:
            at, codes = _after_block(padded, at, tables)
            decoded += codes
            if at > end or before + decoded > _MAX_DECODED:
                return None
    return decoded


def _after_block(bits: bytes, at: int, tables: tuple[_Codes, _Codes]) -> tuple[int, int]:
    """Return where the next block begins, and its codes. Raises ValueError at what is no code."""
    number, decoded, codes = 0, 0, tables[0]
    while number < _COEFFICIENTS:
        decoded += 1
        byte = at >> 3
        found = codes[int.from_bytes(bits[byte : byte + 3]) >> 8 - (at & 7) & 0xFFFF]
        if not found:
            raise ValueError("no code")
        symbol = found & 0xFF
        at += (found >> 8) + (symbol & 15)
        if number and not symbol & 15 and symbol != _SIXTEEN_ZEROS:
            return at, decoded  # the rest of the block is zero
        number += 1 if not number else (symbol >> 4) + 1
        codes = tables[1]
    return at, decoded
