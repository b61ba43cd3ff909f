"""Buckets in memory. What is written is inspected as in S3."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from shared.adapters.kept_callbacks import check_cursor, folder_of, name_of, named
from shared.adapters.stored_images import check_kept, described
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import JobId
from shared.domain.image import StoredImage, image_folder, image_key, preview_folder, preview_key
from shared.domain.image_probe import ImageProbe
from shared.domain.reference import UploadedObject, content_object
from shared.ports.callbacks import CallbackPage, DatedCallback, KeptCallback
from shared.ports.intake import Dropped
from shared.ports.media import Download
from shared.ports.runtime import Clock
from shared.ports.uploads import FoundUpload, UploadForm


class MemoryMediaStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.keep_days: dict[str, int | None] = {}
        self._owners: dict[str, JobId | None] = {}  # of what was placed

    def store(  # as the port
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        download: Download,
        keep_days: int | None = None,
    ) -> StoredImage:
        content = b"".join(download.chunks)
        probe = _probed(content)
        check_kept(probe, download, sha256=hashlib.sha256(content).hexdigest())
        extension = probe.kind().extension
        key = image_key(job_id, attempt=attempt, position=position, extension=extension)
        self.objects.setdefault(key, content)
        self.keep_days.setdefault(key, keep_days)
        return _described(self.objects[key], key=key, attempt=attempt, position=position)

    def store_preview(  # as the port
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        content: bytes,
        keep_days: int | None = None,
    ) -> None:
        key = preview_key(job_id, attempt=attempt, position=position)
        self.objects.setdefault(key, content)
        self.keep_days.setdefault(key, keep_days)

    def remove(self, job_id: JobId) -> None:
        self._remove_folder(image_folder(job_id))
        self.remove_previews(job_id)

    def remove_previews(self, job_id: JobId) -> None:
        self._remove_folder(preview_folder(job_id))

    def _remove_folder(self, folder: str) -> None:
        for key in [key for key in self.objects if key.startswith(folder)]:
            del self.objects[key]

    def place(self, image: StoredImage, *, to: str, of: JobId) -> None:
        self.objects[to] = self.read(image.key)
        self.keep_days[to] = self.keep_days.get(image.key)
        self._owners[to] = of

    def write_document(self, key: str, content: bytes, *, of: JobId | None = None) -> None:
        self.objects[key] = content
        self._owners[key] = of

    def displace(self, keys: Collection[str], *, of: JobId) -> None:
        for key in keys:
            if self._owners.get(key) == of:
                del self.objects[key], self._owners[key]

    def link(self, key: str, *, filename: str, life: timedelta = timedelta(minutes=15)) -> str:
        seconds = int(life.total_seconds())
        return f"https://media.example/{key}?filename={filename}&seconds={seconds}"

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        if key not in self.objects:
            message = "the image is not there"
            raise ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message=message))
        return self.objects[key][:at_most]


class MemoryUploads:
    def __init__(self) -> None:
        self.bucket = "uploads"
        self.objects: dict[str, dict[str, bytes]] = {}  # by key, then by version

    def place(self, key: str, content: bytes) -> str:
        """Put an object anywhere, as its owner would; return its version."""
        versions = self.objects.setdefault(key, {})
        version = f"v{len(versions) + 1}"
        versions[version] = content
        return version

    def put(self, content: bytes, *, content_type: str, tenant: str) -> str:  # noqa: ARG002  # kept by S3 alone
        upload_id = hashlib.sha256(content).hexdigest()
        self.place(content_object(tenant, upload_id).key, content)
        return upload_id

    def find(self, place: UploadedObject) -> FoundUpload | None:
        versions = self.objects.get(place.key, {})
        version = place.version or next(reversed(versions), None)
        if version not in versions:
            return None
        return FoundUpload(bytes=len(versions[version]), version=version)

    def link(self, place: UploadedObject) -> str:
        version = f"?versionId={place.version}" if place.version else ""
        return f"https://uploads.example/{quote(place.key)}{version}"

    def read(self, place: UploadedObject) -> bytes:
        versions = self.objects[place.key]
        return versions[place.version or next(reversed(versions))]

    def form(self, key: str, *, content_type: str, most_bytes: int, life: timedelta) -> UploadForm:
        policy = f"{most_bytes} bytes within {life}"
        fields = {"key": key, "Content-Type": content_type, "policy": policy}
        return UploadForm(url="https://uploads.example/", fields=fields)


class MemoryCallbackArchive:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bodies: dict[str, bytes] = {}
        self._times: dict[str, datetime] = {}

    @property
    def kept(self) -> list[KeptCallback]:
        return [named(name, body) for name, body in self._bodies.items()]

    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None:
        name = name_of(job_id, attempt=attempt, body=body)
        self._bodies[name], self._times[name] = body, self._clock.now()

    def page(self, *, job_id: JobId | None, cursor: str | None, limit: int) -> CallbackPage:
        if cursor is not None:
            check_cursor(cursor, folder=folder_of(job_id))
        mine = sorted(name for name in self._bodies if name.startswith(folder_of(job_id)))
        rest = [name for name in mine if name > (cursor or "")]
        page = rest[:limit]
        return CallbackPage(
            callbacks=tuple(named(name, self._bodies[name]) for name in page),
            cursor=page[-1] if len(rest) > limit else None,
        )

    def newest(self, job_id: JobId, *, limit: int) -> tuple[DatedCallback, ...]:
        mine = [name for name in self._bodies if name.startswith(folder_of(job_id))]
        latest = sorted(mine, key=self._times.__getitem__, reverse=True)[:limit]
        return tuple(
            DatedCallback(callback=named(name, self._bodies[name]), at=self._times[name])
            for name in latest
        )

    def remove(self, job_id: JobId) -> None:
        for key in [key for key in self._bodies if key.startswith(folder_of(job_id))]:
            del self._bodies[key]


class MemoryImageSource:
    """Serves what the memory provider has made."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        self._images = images

    @contextmanager
    def open(self, url: str) -> Iterator[Download]:
        if url not in self._images:
            message = "the finished image could not be fetched: 404"
            raise ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message=message))
        content = self._images[url]
        yield Download(iter([content]), announced=len(content))


def _probed(content: bytes) -> ImageProbe:
    probe = ImageProbe()
    probe.feed(content)
    return probe


def _described(content: bytes, *, key: str, attempt: int, position: int) -> StoredImage:
    return described(
        _probed(content),
        key=key,
        attempt=attempt,
        position=position,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    id: str
    content: bytes
    metadata: Mapping[str, str]
    at: datetime


class MemoryDropFolder:
    """Keeps every version, as the bucket does."""

    def __init__(self, uploads: MemoryUploads, clock: Clock) -> None:
        self._uploads = uploads
        self._clock = clock
        self._objects: dict[str, list[_Version | None]] = {}  # None: here it was deleted

    def drop(self, key: str, content: bytes, **metadata: str) -> str:
        """Put an object as a user would; return its version's id."""
        versions = self._objects.setdefault(key, [])
        at = self._clock.now()
        version_id = self._uploads.place(key, content)
        version = _Version(id=version_id, content=content, metadata=metadata, at=at)
        versions.append(version)
        return version_id

    def delete(self, key: str) -> None:
        self._objects[key].append(None)

    def forget(self, key: str) -> None:
        """Remove an object with all of its versions."""
        del self._objects[key]

    def look(self, key: str, *, version_id: str | None) -> Dropped | None:
        found = self._version(key, version_id)
        if found is None:
            return None
        size = len(found.content)
        return Dropped(version_id=found.id, bytes=size, metadata=found.metadata, at=found.at)

    def read(self, key: str, *, version_id: str | None = None, at_most: int) -> bytes | None:
        found = self._version(key, version_id)
        return found.content[:at_most] if found else None

    def write(self, key: str, content: bytes) -> None:
        self.drop(key, content)

    def _version(self, key: str, version_id: str | None) -> _Version | None:
        versions = self._objects.get(key, [])
        if version_id is None:
            return versions[-1] if versions else None
        return next((one for one in versions if one and one.id == version_id), None)
