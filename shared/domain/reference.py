"""What a reference in a job's `images` can name, beside data that came with the request."""

import re
from dataclasses import dataclass
from typing import Final

from shared.domain.ids import JobId

MOST_REFERENCE_BYTES: Final = 30 * 1024 * 1024
EDITS: Final = "edits/"

_CONTENT: Final = "references/"
_UPLOADS: Final = "uploads/"
_LONGEST_URL: Final = 2048
_LONGEST_KEY: Final = 1024  # bytes; S3's own limit
_ULID: Final = "[0-9A-HJKMNP-TV-Z]{26}"
_BY_CONTENT: Final = re.compile(r"upload:([0-9a-f]{64})")
_BY_ID: Final = re.compile(rf"upload:({_ULID}|{_ULID.lower()})")
_EARLIER: Final = re.compile(rf"job:(job_{_ULID})/(0|[1-9][0-9]{{0,2}})")
_S3: Final = "s3://"
_VERSION_MARK: Final = "?versionId="
_VERSION: Final = re.compile(r"[!-~]{1,1024}")


class NotAReference(ValueError):
    """Says in words for the caller what a reference must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An image that lies elsewhere."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedObject:
    """An object in the uploads bucket; without a version, the newest."""

    key: str
    version: str | None = None

    @property
    def is_known_whole(self) -> bool:
        """Whether it was looked at when it was stored: we alone write under its digest."""
        return self.key.startswith(_CONTENT)

    @property
    def is_for_edits(self) -> bool:
        """Whether it belongs to the tenant that edits by folder run under."""
        return self.key.startswith(EDITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierImage:
    """An image that an earlier job of the same tenant has brought."""

    job_id: JobId
    index: int


type Reference = Link | UploadedObject | EarlierImage


def content_object(tenant: str, upload_id: str) -> UploadedObject:
    """Return where a tenant's content lies that is named by its own digest."""
    return UploadedObject(key=f"{_CONTENT}{tenant}/{upload_id}")


def shared_content_object(place: UploadedObject) -> UploadedObject:
    """Return where the same content was stored before each tenant had a folder of its own."""
    return UploadedObject(key=f"{_CONTENT}{place.key.rpartition('/')[2]}")


def own_object(tenant: str, ulid: str) -> UploadedObject:
    """Return where a tenant's own upload lies."""
    return UploadedObject(key=f"{_UPLOADS}{tenant}/{ulid.upper()}")


def is_at_hand(text: str) -> bool:
    """Whether a reference can be sent without reading it first."""
    return _BY_CONTENT.fullmatch(text) is not None


def reference_to(place: UploadedObject, *, bucket: str) -> str:
    """Return the reference that names an object by its place."""
    version = f"{_VERSION_MARK}{place.version}" if place.version else ""
    return f"{_S3}{bucket}/{place.key}{version}"


def read_reference(text: str, *, tenant: str, bucket: str) -> Reference:
    """Return what a tenant means by a reference. Raises NotAReference."""
    if text.startswith("https://"):
        return _link(text)
    if text.startswith(_S3):
        return _object(text, tenant=tenant, bucket=bucket)
    if match := _BY_CONTENT.fullmatch(text):
        return content_object(tenant, match[1])
    if match := _BY_ID.fullmatch(text):
        return own_object(tenant, match[1])
    if match := _EARLIER.fullmatch(text):
        return EarlierImage(job_id=JobId(match[1]), index=int(match[2]))
    raise NotAReference(
        "must be an https: URL, a data:image/...;base64 URI, upload:<id>, job:<id>/<index> "
        "or s3://<uploads bucket>/<key>"
    )


def _link(text: str) -> Link:
    if len(text) > _LONGEST_URL:
        raise NotAReference(f"has {len(text)} characters; at most {_LONGEST_URL}")
    return Link(url=text)


def _object(text: str, *, tenant: str, bucket: str) -> UploadedObject:
    """The key is taken as it stands, whatever its characters: nothing is unquoted."""
    place, mark, version = text.removeprefix(_S3).rpartition(_VERSION_MARK)
    if not mark:
        place, version = version, ""
    if mark and not _VERSION.fullmatch(version):
        raise NotAReference("must have an S3 version id after its last ?versionId=")
    named, _, key = place.partition("/")
    if named != bucket or not key.startswith((EDITS, f"{_UPLOADS}{tenant}/")):
        raise NotAReference("must lie in the uploads bucket, under edits/ or your own uploads/")
    if len(key.encode()) > _LONGEST_KEY:
        raise NotAReference(f"has a key of {len(key.encode())} bytes; at most {_LONGEST_KEY}")
    # HTTP clients resolve such steps, and would ask for another object than the one named.
    if not {".", ".."}.isdisjoint(key.split("/")):
        raise NotAReference("must have no . or .. as a step of its key")
    return UploadedObject(key=key, version=version or None)
