"""References: what a job's input names becomes something the provider can read.

A provider gives up on a slow address after some ten seconds, and says little. So an image that lies
elsewhere is copied into our own storage first; one that we cannot reach is left to the provider.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import ResultUnavailable
from shared.domain.image_probe import ImageProbe, NotAnImage, Truncated
from shared.domain.job import Job
from shared.ports import Accesses, ImageSource, Uploads

_UPLOAD: Final = "upload:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareReferences:
    uploads: Uploads
    elsewhere: ImageSource
    accesses: Accesses

    def __call__(self, job: Job) -> tuple[str, ...]:
        """Return links or data URIs, in order. Copies are made once per content."""
        return tuple(self._prepared(job.provider, image) for image in job.input.images)

    def _prepared(self, provider: str, image: str) -> str:
        if image.startswith(_UPLOAD):
            return self._of_upload(provider, image.removeprefix(_UPLOAD))
        upload_id = self._copied(image)
        return self._of_upload(provider, upload_id) if upload_id else image

    def _of_upload(self, provider: str, upload_id: str) -> str:
        if self.accesses[provider].fetches_links:
            return self.uploads.link(upload_id)
        content, content_type = self.uploads.read(upload_id)
        return f"data:{content_type};base64,{b64encode(content).decode()}"

    def _copied(self, url: str) -> str | None:
        """Return the upload that holds what lies there; None where nothing usable was found."""
        probe, chunks = ImageProbe(), []
        try:
            with self.elsewhere.open(url) as stream:
                for chunk in stream:
                    probe.feed(chunk)
                    chunks.append(chunk)
            facts = probe.finish()
        except (ResultUnavailable, NotAnImage, Truncated):
            return None
        return self.uploads.put(b"".join(chunks), content_type=facts.content_type)
