"""Previews in memory: nothing is decoded, and what is no whole image is refused all the same."""

from base64 import b64decode, b64encode
from collections import deque
from typing import Final

from shared.domain.errors import Undecodable
from shared.domain.ids import JobId
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated
from shared.ports.media import Preview

_PIXEL: Final = b64decode("UklGRhwAAABXRUJQVlA4TBAAAAAvAAAAAAdQwChg/wMR0f8A")  # one, as WebP


class MemoryPreviewer:
    """Makes the same preview of everything."""

    def __call__(self, content: bytes) -> Preview:
        probe = ImageProbe()
        probe.feed(content)
        try:
            facts = probe.finish()
        except (NotAnImage, Truncated) as exc:
            raise Undecodable(str(exc)) from exc
        if facts.extension == "gif":
            raise Undecodable("a GIF")
        placeholder = f"data:image/webp;base64,{b64encode(_PIXEL).decode()}"
        return Preview(content=_PIXEL, placeholder=placeholder)


class MemoryPreviewQueue:
    def __init__(self) -> None:
        self.messages: deque[JobId] = deque()

    def send(self, job_id: JobId) -> None:
        self.messages.append(job_id)
