"""Images: from their providers into the media bucket, and what is made of them to look at."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.domain.ids import JobId
from shared.domain.image import StoredImage


@dataclass(frozen=True, slots=True)
class Download:
    """An image on its way.

    How many bytes were announced tells how much memory to take, and that a file of a format
    unknown here came whole: reading fails when fewer come.
    """

    chunks: Iterator[bytes]
    announced: int | None = None
    is_whole: bool = False  # the bytes are all there is: nothing more could be fetched
    seen_sha256: str | None = None  # of a fetch before, which looked damaged


class ImageSource(Protocol):
    """A finished image at the provider."""

    def open(self, url: str) -> AbstractContextManager[Download]:
        """Stream it. Raises ResultUnavailable, also while it is read."""
        ...


class MediaStore(Protocol):
    def store(  # where it goes, what it is, how long it is kept
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        download: Download,
        keep_days: int | None = None,
    ) -> StoredImage:
        """Write the bytes once under their one key and describe what lies there.

        When the key is already taken nothing is written and what lies there is described.
        Bytes that are no sound image of a known format are stored as not verified. Raises
        ResultUnavailable for what is no image at all, and ResultDamaged for what may have been
        cut on its way, unless it is whole or an earlier fetch brought the same bytes.
        """
        ...

    def link(self, key: str, *, filename: str, life: timedelta = timedelta(minutes=15)) -> str:
        """Sign a link for reading."""
        ...

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        """Return the bytes, cut after `at_most`; raises ResultUnavailable when there are none."""
        ...

    def store_preview(  # as `store`
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        content: bytes,
        keep_days: int | None = None,
    ) -> None:
        """Write an image's preview under its one key; what lies there already stays."""
        ...

    def remove(self, job_id: JobId) -> None:
        """Remove all images and previews of a job; they are gone when this returns."""
        ...

    def remove_previews(self, job_id: JobId) -> None: ...

    def place(self, image: StoredImage, *, to: str, of: JobId) -> None:
        """Copy a job's image to a second place, over whatever lies there; it is kept as long.

        Raises ResultUnavailable when there is no image to copy.
        """
        ...

    def write_document(self, key: str, content: bytes, *, of: JobId | None = None) -> None:
        """Write JSON, over whatever lies there."""
        ...

    def displace(self, keys: Collection[str], *, of: JobId) -> None:
        """Remove what was placed and written for a job; what another has put there since stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A WebP of at most 512 pixels a side, and one of 16 as a data URI below 400 characters."""

    content: bytes
    placeholder: str


class Previewer(Protocol):
    def __call__(self, content: bytes) -> Preview:
        """Decode a PNG, JPEG or WebP whole. Raises Undecodable at all else, however it is made."""
        ...


class PreviewQueue(Protocol):
    def send(self, job_id: JobId) -> None:
        """Let a job's images be looked at. Raises nothing: a request that is lost is only that."""
        ...
