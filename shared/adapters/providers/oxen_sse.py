"""Server-sent events, as the HTML standard reads them: bytes in pieces, however they are cut.

The id, the retry time and fields nobody knows are left aside: Oxen neither resumes nor paces.
"""

from collections.abc import Iterator
from re import compile as regex
from typing import Final, NamedTuple

_BOM: Final = b"\xef\xbb\xbf"
_LINE_END: Final = regex(rb"\r\n|\n|\r")  # and no other of the ends that Unicode has


class ServerEvent(NamedTuple):
    name: bytes
    data: bytes


class EventParser:
    def __init__(self) -> None:
        self._pending = b""  # the start of a line
        self._is_after_cr = False
        self._is_first_line = True
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """Yield the events that this piece completes."""
        for line in self._lines(piece):
            if line:
                self._take(line)
            else:
                yield from self._dispatch()

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        if not piece:
            return
        # A CR ends its line at once; an LF that comes with the next piece belongs to it.
        rest = piece.removeprefix(b"\n") if self._is_after_cr else piece
        self._is_after_cr = piece.endswith(b"\r")
        *ended, last = _LINE_END.split(rest)
        for text in ended:
            line, self._pending = self._pending + text, b""
            yield self._without_bom(line)
        self._pending += last

    def _without_bom(self, line: bytes) -> bytes:
        is_first, self._is_first_line = self._is_first_line, False
        return line.removeprefix(_BOM) if is_first else line

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value
        elif field == b"data":
            self._data.append(value)

    def _dispatch(self) -> Iterator[ServerEvent]:
        name, data = self._name or b"message", self._data
        self._name, self._data = b"", []
        if data:
            yield ServerEvent(name, b"\n".join(data))
