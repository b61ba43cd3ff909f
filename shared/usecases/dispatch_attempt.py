"""Send a job's attempt to its provider: written down first, sent once, the answer written down.

The order is the promise. Who saves the claim may send, nobody else; a crash between claim and
answer leaves a submission whose fate is unknown, and unknown is never sent again.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, NamedTuple

from shared.domain.callback_token import CallbackTarget, sign
from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    NotSent,
    Refused,
    TaskTaken,
    VersionConflict,
)
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.offers import Catalog, Offer
from shared.domain.status import JobStatus
from shared.domain.submission import Submission, SubmissionState
from shared.ports import (
    Accesses,
    CallbackKeySource,
    Clock,
    JobStore,
    Order,
    Providers,
    RandomBytes,
    Uploads,
    Wake,
)
from shared.usecases.revise import revise

_CALLBACK_LIFE: Final = timedelta(days=3)
# Seconds.
_FIRST_RETRY: Final = 2.0
_LONGEST_RETRY: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchAttempt:
    """Tolerates being called twice for one job: the second finds nothing to send."""

    jobs: JobStore
    uploads: Uploads
    catalog: Catalog
    providers: Providers
    accesses: Accesses
    callback_keys: CallbackKeySource
    wake_watch: Wake
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, job_id: JobId, *, known: Job | None = None) -> Job:
        """`known` spares the read when the caller has just written the job."""
        job = known or self.jobs.get(job_id)
        now = self.clock.now()
        fault = job.overrun(now)
        if fault:
            return self._saved(job, job.expired(now, fault)) or job
        if not job.has_work_to_send:
            return job
        offer = self.catalog.offer(job.model, job.provider)
        planned = job.plan(
            now,
            per_submission=offer.images_per_submission,
            decision=f"{job.provider} by {job.delivery}",
        )
        orders = self._orders(planned, offer)
        claimed = self._saved(job, planned.claim(now, sending=[o.submission for o in orders]))
        if claimed is None:
            return job  # another worker was faster, and sends
        return self._write_down(claimed, offer, [self._send(order) for order in orders])

    def _orders(self, planned: Job, offer: Offer) -> list[Order]:
        """Everything that can fail is prepared before the claim, so a failure costs nothing."""
        references = tuple(self._reference(planned, image) for image in planned.input.images)
        callback_url = self._callback_url(planned, offer)
        return [
            self._order(planned, offer, submission, references, callback_url)
            for submission in planned.current
            if submission.state is SubmissionState.PLANNED
        ]

    def _order(
        self,
        job: Job,
        offer: Offer,
        submission: Submission,
        references: tuple[str, ...],
        callback_url: str | None,
    ) -> Order:
        order = Order(
            job_id=job.id,
            offer=offer,
            wanted=job.input,
            references=references,
            submission=submission,
            callback_url=callback_url,
        )
        fingerprint = self.providers[offer.provider].fingerprint(order)
        sending = submission.sending(self.clock.now(), fingerprint=fingerprint)
        return replace(order, submission=sending)

    def _saved(self, job: Job, changed: Job) -> Job | None:
        try:
            self.jobs.save(changed, was=job)
        except VersionConflict:
            return None
        return changed

    def _reference(self, job: Job, image: str) -> str:
        upload_id = image.removeprefix("upload:")
        if upload_id == image:
            return image
        if self.accesses[job.provider].fetches_links:
            return self.uploads.link(upload_id)
        content, content_type = self.uploads.read(upload_id)
        return f"data:{content_type};base64,{b64encode(content).decode()}"

    def _callback_url(self, job: Job, offer: Offer) -> str | None:
        base = self.accesses[job.provider].callback_base
        if base is None or "callback" not in offer.deliveries:
            return None
        attempt = len(job.attempts)
        target = CallbackTarget(provider=job.provider, job_id=job.id, attempt=attempt)
        expires = self.clock.now() + _CALLBACK_LIFE
        token = sign(target, keys=self.callback_keys(), expires=expires)
        return f"{base}/v1/callbacks/{job.provider}/{job.id}/{attempt}/{token}"

    def _send(self, order: Order) -> "_Answer":
        """The one line that may cost money. Whatever it raises, it is not called again."""
        sent = order.submission
        try:
            task_ids = self.providers[order.offer.provider].submit(order)
        except NotSent as error:
            fault = error.fault
            return _Answer(sent, lambda s: s.not_sent(fault), error.retry_after_seconds)
        except Refused as error:
            fault, now = error.fault, self.clock.now()
            return _Answer(sent, lambda s: s.refused(fault, now))
        except FateUnknown as error:
            fault = error.fault
            return _Answer(sent, lambda s: s.unknown(fault))
        return _Answer(sent, lambda s: s.accepted(task_ids))

    def _write_down(self, claimed: Job, offer: Offer, answers: list["_Answer"]) -> Job:
        try:
            job = self._take_in(claimed, offer, answers)
        except TaskTaken:
            # The provider named a task that another job has: nobody knows what became of ours.
            job = self._take_in(claimed, offer, [_Answer(a.sent, _disowned) for a in answers])
        if job.status is JobStatus.CANCELLED:  # meanwhile, when nobody knew yet what to stop
            self.providers[job.provider].cancel(offer, job.task_ids)
        # Retries go by the watch: a queue that feeds itself is stopped by Lambda after 16 rounds.
        if job.has_work_to_send or (not job.is_terminal and job.delivery != "callback"):
            self.wake_watch()
        return job

    def _take_in(self, claimed: Job, offer: Offer, answers: list["_Answer"]) -> Job:
        now = self.clock.now()
        wait = self._retry_seconds(claimed, answers)

        def change(job: Job) -> Job | None:
            updates = [a.take(s) for a in answers for s in job.submissions if a.is_for(s)]
            if not updates:
                return None
            return job.answered(
                updates,
                at=now,
                check_at=now + timedelta(seconds=_first_check_seconds(offer, job.delivery)),
                retry_at=now + timedelta(seconds=wait),
            )

        changed = change(claimed)
        saved = self._saved(claimed, changed) if changed else None
        # Beaten by a callback that overtook the answer, or by a cancel: read anew.
        return saved or revise(self.jobs, claimed.id, change)

    def _retry_seconds(self, claimed: Job, answers: list["_Answer"]) -> float:
        """Exponential with jitter, and never before the provider said."""
        told = [a.retry_after_seconds for a in answers if a.retry_after_seconds is not None]
        backoff = min(_LONGEST_RETRY, _FIRST_RETRY * 2.0 ** (claimed.dispatch_tries - 1))
        jitter = 0.5 + self.random_bytes(1)[0] / 512
        return max([backoff * jitter, *told])


class _Answer(NamedTuple):
    """What became of a submission, to be taken in wherever it stands by then."""

    sent: Submission
    take: Callable[[Submission], Submission]
    retry_after_seconds: float | None = None

    def is_for(self, submission: Submission) -> bool:
        """Whether it is news: a callback may have brought it already."""
        same = (submission.attempt, submission.number) == (self.sent.attempt, self.sent.number)
        return same and submission.state is SubmissionState.SENDING


def _disowned(submission: Submission) -> Submission:
    message = "the provider answered with a task that belongs to another job"
    return submission.unknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message=message))


def _first_check_seconds(offer: Offer, delivery: str) -> float:
    if delivery == "callback":
        return offer.pacing.callback_grace
    return offer.pacing.first_poll
