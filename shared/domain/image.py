"""A stored image."""

from dataclasses import dataclass

from shared.domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """Bytes in the media bucket, exactly as the provider served them."""

    index: int
    key: str
    content_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    verified: bool | None = None  # set once a preview has decoded it


def image_key(job_id: JobId, *, attempt: int, index: int, extension: str) -> str:
    """Return the one key this image can have, so that two writers meet at the same place."""
    return f"images/{job_id}/{attempt}/{index}.{extension}"
