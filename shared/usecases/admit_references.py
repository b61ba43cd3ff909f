"""What a request's references name is there and the caller's, or the request is refused."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import FieldError, InvalidRequest, JobNotFound
from shared.domain.image_probe import NotAnImage, Truncated, facts_of_reference
from shared.domain.reference import (
    EarlierImage,
    Link,
    NotAReference,
    Reference,
    UploadedObject,
    read_reference,
)
from shared.ports.addresses import MayReach
from shared.ports.jobs import JobStore
from shared.ports.uploads import Uploads

_DATA_URI: Final = re.compile(r"data:image/[a-z+.-]+;base64,(.*)", re.DOTALL)
_LINK_RULE: Final = (
    "must be an https URL with a public DNS name as its host, on port 443, without a password, in "
    "printable ASCII"
)
_FOLDER_RULE: Final = "lies under edits/, which belongs to the tenant of the key for edits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An image that came with the request."""

    bytes: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitReferences:
    """`edits_tenant` tells whose the folder of edits is; None: nobody's."""

    jobs: JobStore
    uploads: Uploads
    may_reach: MayReach
    edits_tenant: Callable[[], str | None]

    def __call__(self, images: Sequence[str], *, tenant: str) -> list[str | Content]:
        """Return references as they are, and data decoded. Stores nothing.

        Raises InvalidRequest, naming every reference at fault.
        """
        admitted: list[str | Content] = []
        errors: list[FieldError] = []
        for index, image in enumerate(images):
            try:
                admitted.append(self._admitted(image, tenant))
            except (NotAReference, _NotThere) as exc:
                code = "not_found" if isinstance(exc, _NotThere) else "invalid_reference"
                pointer = f"/images/{index}"
                errors.append(FieldError(pointer=pointer, code=code, message=str(exc)))
        if errors:
            raise InvalidRequest(errors)
        return admitted

    def stored(self, reference: str | Content, *, tenant: str) -> str:
        """Store what came as data; return what names it from now on."""
        if isinstance(reference, str):
            return reference
        upload_id = self.uploads.put(
            reference.bytes, content_type=reference.content_type, tenant=tenant
        )
        return f"upload:{upload_id}"

    def _admitted(self, image: str, tenant: str) -> str | Content:
        if match := _DATA_URI.fullmatch(image):
            return _decoded(match[1])
        self._check(image, read_reference(image, tenant=tenant, bucket=self.uploads.bucket), tenant)
        return image

    def _check(self, image: str, reference: Reference, tenant: str) -> None:
        """What lies in S3 may still come or go: that is seen when the job is sent."""
        match reference:
            case EarlierImage():
                self._check_earlier(reference, tenant)
            case Link():
                if not self.may_reach(reference.url):
                    raise NotAReference(_LINK_RULE)
            case UploadedObject(is_for_edits=True):
                if self.edits_tenant() != tenant:
                    raise NotAReference(_FOLDER_RULE)
            case UploadedObject() if image.startswith("upload:"):
                if self.uploads.find(reference) is None:
                    raise _NotThere("has not been uploaded yet, or no longer exists")
            case _:
                pass

    def _check_earlier(self, reference: EarlierImage, tenant: str) -> None:
        try:
            job = self.jobs.get(reference.job_id)
        except JobNotFound as exc:
            raise _NotThere("names no job of yours") from exc
        if job.tenant != tenant:
            raise _NotThere("names no job of yours")
        image = next((image for image in job.images if image.index == reference.index), None)
        if image is None:
            raise _NotThere(f"names image {reference.index}, which the job does not have")
        if not image.is_common:
            raise NotAReference(f"is {image.content_type}, not a PNG, JPEG, WebP or GIF image")


class _NotThere(Exception):
    """Well-formed, and names nothing that the caller has."""


def _decoded(data: str) -> Content:
    try:
        content = base64.b64decode(data, validate=True)
        facts = facts_of_reference(content)
    except (binascii.Error, ValueError) as exc:
        raise NotAReference("is not valid base64") from exc
    except (NotAnImage, Truncated) as exc:
        raise NotAReference("is not a whole PNG, JPEG, WebP or GIF image") from exc
    return Content(bytes=content, content_type=facts.content_type)
