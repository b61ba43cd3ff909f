"""Let a caller upload one object, straight into the bucket."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import ulid
from shared.domain.reference import own_object
from shared.domain.upload import MOST_BYTES
from shared.ports.runtime import Clock, RandomBytes
from shared.ports.uploads import UploadForm, Uploads

_LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedUpload:
    """`reference` names what will have been uploaded, for the caller's tenant alone."""

    reference: str
    form: UploadForm
    most_bytes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUpload:
    uploads: Uploads
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, tenant: str, *, content_type: str, size: int) -> OpenedUpload:
        """`content_type` is one of those that may be uploaded. Nothing is stored."""
        now = self.clock.now()
        name = ulid(now, self.random_bytes(10))
        most = min(size, MOST_BYTES[content_type])
        form = self.uploads.form(
            own_object(tenant, name).key, content_type=content_type, most_bytes=most, life=_LIFE
        )
        return OpenedUpload(
            reference=f"upload:{name}", form=form, most_bytes=most, expires_at=now + _LIFE
        )
