"""Send an admitted job off: at once when that is a single quick call, else through the queue."""

from dataclasses import dataclass

from shared.domain.job import Job
from shared.domain.offers import Catalog
from shared.domain.reference import is_at_hand
from shared.ports.messages import Queue
from shared.usecases.dispatch_attempt import DispatchAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOff:
    dispatch_attempt: DispatchAttempt
    dispatch_queue: Queue
    catalog: Catalog

    def __call__(self, job: Job) -> Job:
        """Return the job as it stands by then."""
        if self._outlasts_the_caller(job):
            self.dispatch_queue.send(job.id)
            return job
        return self.dispatch_attempt(job.id, known=job)

    def _outlasts_the_caller(self, job: Job) -> bool:
        """Several calls in a row, one that waits for the image, or references to be fetched."""
        offer = self.catalog.offer(job.model, job.provider)
        several = job.input.n > offer.per_submission(job.delivery)
        elsewhere = any(not is_at_hand(image) for image in job.input.images)
        return several or elsewhere or job.delivery == "sync"
