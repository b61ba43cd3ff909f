"""Previews in memory: nothing is decoded, and what is no whole image is refused all the same."""

from collections import deque

from shared.domain.errors import Undecodable
from shared.domain.ids import JobId
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated
from shared.ports import Preview


class MemoryPreviewer:
    def __call__(self, content: bytes) -> Preview:
        probe = ImageProbe()
        probe.feed(content)
        try:
            facts = probe.finish()
        except (NotAnImage, Truncated) as exc:
            raise Undecodable(str(exc)) from exc
        if facts.extension == "gif":
            raise Undecodable("a GIF")
        return Preview(content=b"preview of " + content, placeholder="data:image/webp;base64,AAAA")


class MemoryPreviewQueue:
    def __init__(self) -> None:
        self.messages: deque[JobId] = deque()

    def send(self, job_id: JobId) -> None:
        self.messages.append(job_id)
