"""How long a finished job is kept, where the caller says so."""

from dataclasses import dataclass
from typing import Final

MEDIA_DAYS: Final = (1, 7, 30, 90, 365)  # for each a lifecycle rule of the bucket, in template.yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """None: kept until deleted."""

    media_days: int | None = None
    record_days: int | None = None


KEPT: Final = Retention()
