"""Reading an answer's body: whole, as it was sent, and within its limits of size and time."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from re import compile as regex
from typing import Final

from shared.adapters.deadlines import Deadline
from shared.adapters.http_errors import DeadlineExceeded, ExchangeFailed, TooLarge

_BODILESS: Final = frozenset({204, 304})
_CONTENT_LENGTH: Final = regex(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStream:
    """An answer whose body is still on its way."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    url_host: str
    pieces: Iterator[bytes]
    to_head: bool
    deadline: Deadline
    max_bytes: int

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """Yield the body in pieces of exactly `size` bytes, the last one shorter.

        Raises ExchangeFailed if the body is encoded, incomplete, late or too large.
        """
        pending = bytearray()
        for piece in self.arriving():
            pending += piece
            while len(pending) >= size:
                yield bytes(pending[:size])
                del pending[:size]
        if pending:
            yield bytes(pending)

    def arriving(self) -> Iterator[bytes]:
        """Yield the body in pieces as they come. Raises as `chunks` does."""
        declared = self.declared_bytes()
        self._limit(declared or 0)
        received = 0
        for piece in self.pieces:
            received += len(piece)
            self._limit(received)
            yield piece
        if declared not in {None, received}:
            raise ExchangeFailed(f"{self.url_host}: {received} of {declared} bytes came")

    def beginning(self) -> bytes:
        """Return at most `max_bytes` of what comes in time, whatever becomes of the rest."""
        kept = bytearray()
        with suppress(ExchangeFailed):
            for piece in self.pieces:
                kept += piece
                if len(kept) >= self.max_bytes or self.deadline.left() <= 0:
                    break
        return bytes(kept[: self.max_bytes])

    def declared_bytes(self) -> int | None:
        """Return how long the body says it is. Raises ExchangeFailed if nobody could tell."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise ExchangeFailed(f"{self.url_host}: an encoded body nobody asked for")
        length = self.headers.get("content-length")
        if length is None or self.to_head or self.status in _BODILESS:
            return None
        if not _CONTENT_LENGTH.fullmatch(length):
            raise ExchangeFailed(f"{self.url_host}: an unreadable content length")
        return int(length)

    def _limit(self, size: int) -> None:
        if size > self.max_bytes:
            raise TooLarge(f"{self.url_host}: more than {self.max_bytes} bytes")
        if self.deadline.left() <= 0:
            raise DeadlineExceeded(f"{self.url_host}: the body took too long")
