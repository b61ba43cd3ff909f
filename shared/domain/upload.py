"""What may be uploaded: images to be edited, and lists of jobs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.domain.reference import MOST_REFERENCE_BYTES

_MOST_BATCH_BYTES: Final = 50 * 1024 * 1024

# By content type, in bytes.
MOST_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "image/png": MOST_REFERENCE_BYTES,
        "image/jpeg": MOST_REFERENCE_BYTES,
        "image/webp": MOST_REFERENCE_BYTES,
        "application/jsonl": _MOST_BATCH_BYTES,
        "text/csv": _MOST_BATCH_BYTES,
    }
)
