"""Send a job off: at once when that is a single quick call, else through the queue."""

from dataclasses import dataclass

from shared.domain.job import Job
from shared.domain.offers import Catalog
from shared.domain.reference import is_at_hand
from shared.ports.messages import Queue
from shared.usecases.dispatch_attempt import DispatchAttempt
from shared.usecases.sending import Claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOff:
    dispatch_attempt: DispatchAttempt
    dispatch_queue: Queue
    catalog: Catalog

    def claim(self, job: Job) -> Claimed | None:
        """Return what a job that is yet to be written may be claimed with, in the same write.

        None where it goes the long way. So it does too when this fails: by then it is written
        down, and what fails is tried again.
        """
        if self._outlasts_the_caller(job):
            return None
        try:
            return self.dispatch_attempt.claim(job)
        except Exception:  # noqa: BLE001  # whatever it is, the job is worth more
            return None

    def __call__(self, job: Job, claimed: Claimed | None = None) -> Job:
        """Return the job as it stands by then. `claimed` is what it was written down with."""
        if claimed:
            return self.dispatch_attempt.send(claimed)
        if self._outlasts_the_caller(job):
            return self.later(job)
        return self.dispatch_attempt(job.id, known=job)

    def later(self, job: Job, claimed: Claimed | None = None) -> Job:
        """Send it off when there is time: now there is none."""
        if claimed:
            return self.dispatch_attempt.put_back(claimed)
        self.dispatch_queue.send(job.id)
        return job

    def _outlasts_the_caller(self, job: Job) -> bool:
        """Several calls in a row, one that waits for the image, or references to be fetched."""
        offer = self.catalog.offer(job.model, job.provider)
        several = job.input.n > offer.per_submission(job.delivery)
        elsewhere = any(not is_at_hand(image) for image in job.input.images)
        return several or elsewhere or job.delivery == "sync"
