"""Admit a job and send it off: at once when that is a single call, else through the queue."""

from dataclasses import dataclass

from shared.domain.api_key import ApiKey
from shared.domain.job import Job
from shared.domain.offers import Catalog
from shared.ports import Queue
from shared.usecases.admit_job import AdmitJob, Wish
from shared.usecases.dispatch_attempt import DispatchAttempt


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitJob:
    admit_job: AdmitJob
    dispatch_attempt: DispatchAttempt
    dispatch_queue: Queue
    catalog: Catalog

    def admit(self, wish: Wish, *, key: ApiKey) -> Job:
        return self.admit_job(wish, key=key)

    def send_off(self, job: Job) -> None:
        """Several calls in a row could outlast the caller's patience, so they go by the queue."""
        offer = self.catalog.offer(job.model, job.provider)
        if job.input.n > offer.images_per_submission:
            self.dispatch_queue.send(job.id)
        else:
            self.dispatch_attempt(job.id, known=job)
