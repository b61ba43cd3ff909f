"""The files that callers bring for their jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.domain.reference import UploadedObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUpload:
    """`version` is None where the bucket keeps one version only."""

    bytes: int
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """Where to post a file, and the fields that go before it."""

    url: str
    fields: Mapping[str, str]


class Uploads(Protocol):
    """The bucket that references come into."""

    @property
    def bucket(self) -> str: ...

    def put(self, content: bytes, *, content_type: str, tenant: str) -> str:
        """Store once per tenant and content; return the upload's id."""
        ...

    def find(self, place: UploadedObject) -> FoundUpload | None:
        """Return what lies there now; None when nothing does, or we may not know."""
        ...

    def link(self, place: UploadedObject) -> str:
        """Sign a link for reading that works for hours."""
        ...

    def read(self, place: UploadedObject) -> bytes:
        """Read what was found."""
        ...

    def form(self, key: str, *, content_type: str, most_bytes: int, life: timedelta) -> UploadForm:
        """Sign a form that takes one file of at least one byte, under this key, of this type."""
        ...
