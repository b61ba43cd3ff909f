"""Buckets in memory. What is written is inspected as in S3."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.adapters.kept_callbacks import check_cursor, folder_of, name_of, named
from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import JobId
from shared.domain.image import StoredImage, image_folder, image_key
from shared.domain.image_probe import ImageFacts, ImageProbe, NotAnImage, Truncated
from shared.ports import CallbackPage, KeptCallback


class MemoryMediaStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.keep_days: dict[str, int | None] = {}

    def store(  # as the port
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        chunks: Iterator[bytes],
        keep_days: int | None = None,
    ) -> StoredImage:
        content = b"".join(chunks)
        extension = _facts(content).extension
        key = image_key(job_id, attempt=attempt, position=position, extension=extension)
        self.objects.setdefault(key, content)
        self.keep_days.setdefault(key, keep_days)
        return _described(self.objects[key], key=key, attempt=attempt, position=position)

    def read(self, key: str) -> bytes:
        return self.objects[key]

    def remove(self, job_id: JobId) -> None:
        for key in [key for key in self.objects if key.startswith(image_folder(job_id))]:
            del self.objects[key]

    def link(self, key: str, *, filename: str) -> str:
        return f"https://media.example/{key}?filename={filename}"


class MemoryUploads:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}

    def put(self, content: bytes, *, content_type: str) -> str:
        upload_id = hashlib.sha256(content).hexdigest()
        self.objects[upload_id] = (content, content_type)
        return upload_id

    def link(self, upload_id: str) -> str:
        return f"https://uploads.example/{upload_id}"

    def read(self, upload_id: str) -> tuple[bytes, str]:
        return self.objects[upload_id]


class MemoryCallbackArchive:
    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    @property
    def kept(self) -> list[KeptCallback]:
        return [named(name, body) for name, body in self._bodies.items()]

    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None:
        self._bodies[name_of(job_id, attempt=attempt, body=body)] = body

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

    def remove(self, job_id: JobId) -> None:
        for key in [key for key in self._bodies if key.startswith(folder_of(job_id))]:
            del self._bodies[key]


class MemoryImageSource:
    """Serves what the memory provider has made."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        self._images = images

    @contextmanager
    def open(self, url: str) -> Iterator[Iterator[bytes]]:
        if url not in self._images:
            message = "the finished image could not be fetched: 404"
            raise ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message=message))
        yield iter([self._images[url]])


def _facts(content: bytes) -> ImageFacts:
    probe = ImageProbe()
    try:
        probe.feed(content)
        return probe.finish()
    except (NotAnImage, Truncated) as exc:
        message = "what the provider served is not a whole image"
        raise ResultUnavailable(Fault(code=ErrorCode.NOT_AN_IMAGE, message=message)) from exc


def _described(content: bytes, *, key: str, attempt: int, position: int) -> StoredImage:
    facts = _facts(content)
    return StoredImage(
        index=position,
        attempt=attempt,
        position=position,
        key=key,
        content_type=facts.content_type,
        bytes=len(content),
        width=facts.width,
        height=facts.height,
        sha256=hashlib.sha256(content).hexdigest(),
    )
