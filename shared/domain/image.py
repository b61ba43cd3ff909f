"""A stored image."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Self

from shared.domain.ids import JobId

# What can be decoded in the memory of a function (docs/adr/0013): twice the largest that a model
# makes, and all that is fetched from a provider.
MOST_PIXELS: Final = 2 * 4096 * 4096
MOST_BYTES: Final = 64 * 1024 * 1024


# What is decoded here, and what providers take for a reference.
_COMMON_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """Bytes in the media bucket, exactly as the provider served them.

    `attempt` and `position` say where it comes from, `index` is its number in the job.
    """

    index: int
    attempt: int
    position: int
    key: str
    content_type: str
    bytes: int
    width: int | None  # None: the file does not say it in a way that is read here
    height: int | None
    sha256: str
    verified: bool | None = None  # whether it could be decoded whole; None: not looked at yet
    placeholder: str | None = None  # a tiny picture as a data URI, to show before the preview

    @property
    def place(self) -> tuple[int, int]:
        """Which of the attempts' images it is."""
        return self.attempt, self.position

    @property
    def is_common(self) -> bool:
        """Whether it is a PNG, JPEG, WebP or GIF."""
        return self.content_type in _COMMON_TYPES

    @property
    def is_too_large_to_decode(self) -> bool:
        return self.bytes > MOST_BYTES or (self.width or 0) * (self.height or 0) > MOST_PIXELS

    @property
    def has_preview(self) -> bool:
        return bool(self.verified)

    def looked_at(self, look: "Look") -> Self:
        return replace(self, verified=look.verified, placeholder=look.placeholder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What came of decoding an image; where it could be decoded a preview lies in the bucket."""

    verified: bool
    placeholder: str | None = None


def image_key(job_id: JobId, *, attempt: int, position: int, extension: str) -> str:
    """Return the one key this image can have, so that two writers meet at the same place."""
    return f"{image_folder(job_id)}{attempt}/{position}.{extension}"


def image_folder(job_id: JobId) -> str:
    return f"images/{job_id}/"


def preview_key(job_id: JobId, *, attempt: int, position: int) -> str:
    return f"{preview_folder(job_id)}{attempt}/{position}.webp"


def preview_folder(job_id: JobId) -> str:
    return f"previews/{job_id}/"


def merged(there: tuple[StoredImage, ...], new: Iterable[StoredImage]) -> tuple[StoredImage, ...]:
    """Add images that are not there yet; one whose number is taken gets the next free one.

    Two fetches of one image may have stored two types of file: the first to be written down stays.
    """
    images = list(there)
    for image in new:
        if any(image.place == known.place for known in images):
            continue
        taken = {known.index for known in images}
        index = image.index if image.index not in taken else max(taken) + 1
        images.append(replace(image, index=index))
    return tuple(sorted(images, key=lambda image: image.index))
