"""Buckets in memory. What is written is inspected as in S3."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import JobId
from shared.domain.image import StoredImage, image_key
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated


class MemoryMediaStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def store(
        self, job_id: JobId, *, attempt: int, index: int, chunks: Iterator[bytes]
    ) -> StoredImage:
        content = b"".join(chunks)
        extension = _described(content, key="", index=index)[1]
        key = image_key(job_id, attempt=attempt, index=index, extension=extension)
        self.objects.setdefault(key, content)
        return _described(self.objects[key], key=key, index=index)[0]

    def link(self, key: str, *, filename: str) -> str:
        return f"https://media.example/{key}?filename={filename}"


class MemoryUploads:
    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, str]] = {}

    def put(self, content: bytes, *, content_type: str) -> str:
        upload_id = hashlib.sha256(content).hexdigest()
        self._objects[upload_id] = (content, content_type)
        return upload_id

    def link(self, upload_id: str) -> str:
        return f"https://uploads.example/{upload_id}"

    def read(self, upload_id: str) -> tuple[bytes, str]:
        return self._objects[upload_id]


class MemoryCallbackArchive:
    def __init__(self) -> None:
        self.kept: list[tuple[JobId, int, bytes]] = []

    def keep(self, job_id: JobId, *, attempt: int, body: bytes, at: datetime) -> None:
        del at
        self.kept.append((job_id, attempt, body))


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


def _described(content: bytes, *, key: str, index: int) -> tuple[StoredImage, str]:
    probe = ImageProbe()
    try:
        probe.feed(content)
        facts = probe.finish()
    except (NotAnImage, Truncated) as exc:
        message = "what the provider served is not a whole image"
        raise ResultUnavailable(Fault(code=ErrorCode.NOT_AN_IMAGE, message=message)) from exc
    image = StoredImage(
        index=index,
        key=key,
        content_type=facts.content_type,
        bytes=len(content),
        width=facts.width,
        height=facts.height,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return image, facts.extension
