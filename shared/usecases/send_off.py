"""Send an admitted job off: at once when that is a single call, else through the queue."""

from dataclasses import dataclass

from shared.domain.job import Job
from shared.domain.offers import Catalog
from shared.ports import Queue
from shared.usecases.dispatch_attempt import DispatchAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOff:
    dispatch_attempt: DispatchAttempt
    dispatch_queue: Queue
    catalog: Catalog

    def __call__(self, job: Job) -> None:
        """Several calls in a row could outlast the caller's patience, so they go by the queue."""
        offer = self.catalog.offer(job.model, job.provider)
        if job.input.n > offer.images_per_submission:
            self.dispatch_queue.send(job.id)
        else:
            self.dispatch_attempt(job.id, known=job)
