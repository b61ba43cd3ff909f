"""What a caller may do to a job: cancel, retry, delete."""

from dataclasses import dataclass
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.edits import copy_of, report_beside
from shared.domain.errors import InvalidTransition, JobNotFound, VersionConflict
from shared.domain.job import Job
from shared.ports.callbacks import CallbackArchive
from shared.ports.jobs import JobStore
from shared.ports.media import MediaStore
from shared.ports.messages import Queue
from shared.ports.runtime import Clock
from shared.ports.webhooks import Deliveries
from shared.usecases.revise import revise

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    """Calls a job off, in every state as often as you like.

    What has been sent may have been paid for: the provider is told to stop where it can be, and
    what it makes all the same is kept and marked late.
    """

    jobs: JobStore
    collect_queue: Queue
    clock: Clock

    def __call__(self, job: Job) -> Job:
        def change(current: Job) -> Job | None:
            return None if current.is_terminal else current.cancelled(self.clock.now())

        cancelled = revise(self.jobs, job.id, change)
        if cancelled.followed:
            self.collect_queue.send(job.id)
        return cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Reopens a failed or expired job for a new attempt; earlier ones stay on record.

    The attempt is the caller's, as a new job would be: the caller's key binds it and pays for it,
    whichever key the job was admitted under, and whatever has become of that one.
    """

    jobs: JobStore
    dispatch_queue: Queue
    clock: Clock

    def __call__(self, job: Job, *, key: ApiKey) -> Job:
        """Raises InvalidTransition for a job in any other state, and TooManyAttempts.

        Raises JobNotFound for another tenant's job, and ModelNotAllowed, Unpriced or what
        JobStore.save does when the key's terms forbid it.
        """
        if job.tenant != key.tenant:
            raise JobNotFound(job.id)
        key.terms.check_model(job.model)
        limits = key.terms.limits

        def change(current: Job) -> Job:
            return current.reopened(self.clock.now(), key_id=key.id, limits=limits)

        reopened = revise(self.jobs, job.id, change, limits=limits)
        self.dispatch_queue.send(job.id)
        return reopened


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJob:
    """Removes the objects first and the record last: what is interrupted can be done again."""

    jobs: JobStore
    media: MediaStore
    archive: CallbackArchive
    deliveries: Deliveries

    def __call__(self, job: Job) -> None:
        """Raises InvalidTransition while the job is not over."""
        for _ in range(_TRIES):
            if not job.is_terminal:
                raise InvalidTransition(f"a job that is {job.status} cannot be deleted: cancel it")
            self.media.remove(job.id)
            self.archive.remove(job.id)
            if job.source:
                copies = [copy_of(image, source=job.source) for image in job.images]
                self.media.displace([*copies, report_beside(job.source)], of=job.id)
            self.deliveries.remove_of(job)
            try:
                self.jobs.remove(job)
            except VersionConflict:  # late images have come: they go as well
                job = self.jobs.get(job.id)
            else:
                return
        raise VersionConflict(f"{job.id} keeps moving")
