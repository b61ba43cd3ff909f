"""An image on its way into S3: inspected as it passes, gathered into what one call takes."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from io import BufferedReader, RawIOBase
from typing import Any, Final

from shared.adapters.stored_images import check_kept, described
from shared.domain.image import StoredImage
from shared.domain.image_probe import ImageProbe
from shared.ports.media import Download

PART: Final = 8 * 1024 * 1024  # bytes; S3 takes no smaller ones than 5 MiB


class PassingImage:
    """Hashes and probes each byte once, as it comes."""

    def __init__(self, download: Download) -> None:
        self.probe = ImageProbe()
        self._sha256 = sha256()
        self._size = 0
        self._download = download
        self._chunks = self._watched(download.chunks)

    def parts(self, *, first: int) -> Iterator[bytes]:
        """Yield the first bytes, then what is left in parts of one size, the last one shorter."""
        reader = BufferedReader(_Chunks(self._chunks))
        size = min(self._download.announced or first, first)
        # As a rule nothing is left: then the bytes lie in memory of just their size.
        part = reader.read(size) + reader.read(first - size)
        while part:
            yield part
            part = reader.read(PART)

    def pass_by(self) -> None:
        """Keep nothing of what comes."""
        for _ in self._chunks:
            pass

    @property
    def checksum(self) -> str:
        return in_base64(self._sha256.digest())

    def check(self) -> None:
        """Once all has passed: raise ResultUnavailable or ResultDamaged for what is not kept."""
        check_kept(self.probe, self._download, sha256=self._sha256.hexdigest())

    def describe(self, *, key: str, attempt: int, position: int) -> StoredImage:
        return described(
            self.probe,
            key=key,
            attempt=attempt,
            position=position,
            size=self._size,
            sha256=self._sha256.hexdigest(),
        )

    def _watched(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.probe.feed(chunk)
            self._sha256.update(chunk)
            self._size += len(chunk)
            yield chunk


def in_base64(digest: bytes) -> str:
    """Return a digest as S3 wants it."""
    return b64encode(digest).decode()


class _Chunks(RawIOBase):
    """A stream of chunks. A reader fills memory of the final size from it: nothing has to grow."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = filter(None, chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        self._rest = self._rest or memoryview(next(self._chunks, b""))
        taken = self._rest[: len(room)]
        room[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
