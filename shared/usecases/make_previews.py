"""Look at stored images: a small preview of each that can be decoded, a mark on the rest.

Nothing waits for it and nothing depends on it: the original stays, whatever comes of this.
"""

import hashlib
from dataclasses import dataclass

from shared.domain.errors import JobNotFound, ResultUnavailable, Undecodable
from shared.domain.ids import JobId
from shared.domain.image import MOST_BYTES, Look, StoredImage
from shared.domain.job import Job
from shared.ports.jobs import JobStore
from shared.ports.media import MediaStore, Previewer
from shared.usecases.revise import revise


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePreviews:
    """Previews are stored before the job says so, as often as that: the same under one key."""

    jobs: JobStore
    media: MediaStore
    previewer: Previewer

    def __call__(self, job_id: JobId) -> tuple[Look, ...]:
        """Return what was seen. Raises JobNotFound when the job was deleted; then nothing stays."""
        try:
            looks = self._looks(self.jobs.get(job_id))
            revise(self.jobs, job_id, lambda current: current.looked_at(looks))
        except JobNotFound:
            self.media.remove_previews(job_id)
            raise
        return tuple(looks.values())

    def _looks(self, job: Job) -> dict[str, Look]:
        looks = {}
        for image in job.unseen_images:
            try:
                looks[image.key] = self._look(job, image)
            except ResultUnavailable:  # removed, by its retention for one: nothing to look at
                continue
        return looks

    def _look(self, job: Job, image: StoredImage) -> Look:
        if image.is_too_large_to_decode:
            return Look(verified=False)
        content = self.media.read(image.key, at_most=MOST_BYTES)
        if hashlib.sha256(content).hexdigest() != image.sha256:  # no longer what was stored
            return Look(verified=False)
        try:
            preview = self.previewer(content)
        except Undecodable:
            return Look(verified=False)
        self.media.store_preview(
            job.id,
            attempt=image.attempt,
            position=image.position,
            content=preview.content,
            keep_days=job.retention.media_days,
        )
        return Look(verified=True, placeholder=preview.placeholder)
