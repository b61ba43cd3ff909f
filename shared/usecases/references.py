"""References: what a job's input names becomes something the provider can read.

A provider gives up on a slow address after some ten seconds, and says little. So an image that lies
elsewhere is copied into our own storage first; one that we cannot reach is left to the provider.
What lies in our storage is looked at before anything is paid.
"""

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from shared.domain.errors import ErrorCode, Fault, JobNotFound, Refused, ResultUnavailable
from shared.domain.image import StoredImage
from shared.domain.image_probe import NotAnImage, Truncated, facts_of_reference
from shared.domain.job import Job
from shared.domain.reference import (
    MOST_REFERENCE_BYTES,
    EarlierImage,
    Link,
    NotAReference,
    UploadedObject,
    content_object,
    read_reference,
    shared_content_object,
)
from shared.ports.jobs import JobStore
from shared.ports.media import ImageSource, MediaStore
from shared.ports.providers import Accesses
from shared.ports.uploads import FoundUpload, Uploads

# A provider's queue may be long before it fetches a reference.
_LINK_LIFE: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareReferences:
    jobs: JobStore
    uploads: Uploads
    media: MediaStore
    elsewhere: ImageSource
    accesses: Accesses

    def __call__(self, job: Job) -> tuple[str, ...]:
        """Return links or data URIs, in order. Copies are made once per content.

        Raises Refused when a reference is no longer there, or is no image that can be sent.
        """
        return tuple(self._prepared(job, index) for index in range(len(job.input.images)))

    def _prepared(self, job: Job, index: int) -> str:
        image = job.input.images[index]
        try:
            reference = read_reference(image, tenant=job.tenant, bucket=self.uploads.bucket)
        except NotAReference as exc:  # as after a move to another bucket
            raise _gone(index) from exc
        match reference:
            case Link():
                return self._of_link(job.provider, job.tenant, reference.url, index)
            case UploadedObject():
                return self._of_upload(job.provider, reference, index)
            case earlier:
                return self._of_earlier(job, earlier, index)

    def _of_link(self, provider: str, tenant: str, url: str, index: int) -> str:
        upload_id = self._copied(url, tenant)
        if upload_id is None:
            return url
        return self._of_upload(provider, content_object(tenant, upload_id), index)

    def _of_upload(self, provider: str, named: UploadedObject, index: int) -> str:
        named, found = self._found(named)
        if found is None:
            raise _gone(index)
        if found.bytes > MOST_REFERENCE_BYTES:
            raise _invalid(index, f"has {found.bytes} bytes; at most {MOST_REFERENCE_BYTES}")
        by_link = self.accesses[provider].fetches_links
        if by_link and named.is_known_whole:
            return self.uploads.link(named)
        # The provider gets the version that was looked at, whatever is uploaded meanwhile.
        place = named if named.is_known_whole else replace(named, version=found.version)
        content = self.uploads.read(place)
        content_type = _type_of(content, index)
        return self.uploads.link(place) if by_link else _inline(content, content_type)

    def _found(self, named: UploadedObject) -> tuple[UploadedObject, FoundUpload | None]:
        """Look where it lies now, and, for jobs that were admitted before that, where it lay."""
        found = self.uploads.find(named)
        if found or not named.is_known_whole:
            return named, found
        shared = shared_content_object(named)
        return shared, self.uploads.find(shared)

    def _of_earlier(self, job: Job, earlier: EarlierImage, index: int) -> str:
        image = self._image(job, earlier)
        if image is None:
            raise _gone(index)
        if image.bytes > MOST_REFERENCE_BYTES:
            raise _invalid(index, f"has {image.bytes} bytes; at most {MOST_REFERENCE_BYTES}")
        if self.accesses[job.provider].fetches_links:
            filename = image.key.rpartition("/")[2]
            return self.media.link(image.key, filename=filename, life=_LINK_LIFE)
        try:
            return _inline(self.media.read(image.key), image.content_type)
        except ResultUnavailable as exc:
            raise _gone(index) from exc

    def _image(self, job: Job, earlier: EarlierImage) -> StoredImage | None:
        try:
            source = self.jobs.get(earlier.job_id)
        except JobNotFound:
            return None
        images = source.images if source.tenant == job.tenant else ()
        return next((image for image in images if image.index == earlier.index), None)

    def _copied(self, url: str, tenant: str) -> str | None:
        """Return the upload that holds what lies there; None where nothing usable was found."""
        try:
            with self.elsewhere.open(url) as download:
                content = b"".join(download.chunks)
            facts = facts_of_reference(content)
        except (ResultUnavailable, NotAnImage, Truncated):
            return None
        return self.uploads.put(content, content_type=facts.content_type, tenant=tenant)


def _type_of(content: bytes, index: int) -> str:
    try:
        return facts_of_reference(content).content_type
    except (NotAnImage, Truncated) as exc:
        raise _invalid(index, "is not a whole PNG, JPEG, WebP or GIF image") from exc


def _inline(content: bytes, content_type: str) -> str:
    return f"data:{content_type};base64,{b64encode(content).decode()}"


def _gone(index: int) -> Refused:
    message = f"/images/{index} is no longer there, or may not be read"
    return Refused(Fault(code=ErrorCode.SOURCE_GONE, message=message))


def _invalid(index: int, message: str) -> Refused:
    return Refused(Fault(code=ErrorCode.INVALID_INPUT, message=f"/images/{index} {message}"))
