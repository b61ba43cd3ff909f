"""How long a finished job is kept, where the caller or its key says so."""

from dataclasses import dataclass
from typing import Final

MEDIA_DAYS: Final = (1, 7, 30, 90, 365)  # for each a lifecycle rule of the bucket, in template.yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """None: kept until deleted."""

    media_days: int | None = None
    record_days: int | None = None

    @property
    def image_days(self) -> int | None:
        """Return how long images are kept: nobody could reach or delete them without the record."""
        if self.media_days is not None or self.record_days is None:
            return self.media_days
        return next((days for days in MEDIA_DAYS if days >= self.record_days), MEDIA_DAYS[-1])

    def or_as(self, usual: "Retention") -> "Retention":
        """Return the same, with what is usual where this says nothing."""
        return Retention(
            media_days=self.media_days if self.media_days is not None else usual.media_days,
            record_days=self.record_days if self.record_days is not None else usual.record_days,
        )


KEPT: Final = Retention()
