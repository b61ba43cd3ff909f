"""Send a job's attempt to its provider: written down first, sent once, the answer written down.

The order is the promise. Who saves the claim may send, nobody else; a crash between claim and
answer leaves a submission whose fate is unknown, and unknown is never sent again.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

from shared.domain.callback_token import CallbackTarget, sign
from shared.domain.errors import FateUnknown, NotSent, Refused, VersionConflict
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.offers import Catalog, Offer
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
        if not job.has_work_to_send:
            return job
        offer = self.catalog.offer(job.model, job.provider)
        claimed = job.claim(
            self.clock.now(),
            per_submission=offer.images_per_submission,
            decision=f"{job.provider} by {job.delivery}",
        )
        orders = self._orders(claimed, job, offer)
        try:
            self.jobs.save(claimed, was=job)
        except VersionConflict:
            return job  # another worker claimed it and sends it
        answers = [self._send(order) for order in orders]
        return self._write_down(claimed, offer, answers)

    def _orders(self, claimed: Job, before: Job, offer: Offer) -> list[Order]:
        """Everything that can fail is prepared before the claim, so a failure costs nothing."""
        references = tuple(self._reference(claimed, image) for image in claimed.input.images)
        callback_url = self._callback_url(claimed, offer)
        return [
            Order(
                offer=offer,
                wanted=claimed.input,
                references=references,
                submission=submission,
                callback_url=callback_url,
            )
            for submission in claimed.current
            if submission not in before.submissions
        ]

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
        submission = order.submission
        try:
            task_ids = self.providers[order.offer.provider].submit(order)
        except NotSent as error:
            return _Answer(submission.not_sent(error.fault), error.retry_after_seconds)
        except Refused as error:
            return _Answer(submission.refused(error.fault, self.clock.now()))
        except FateUnknown as error:
            return _Answer(submission.unknown(error.fault))
        return _Answer(submission.accepted(task_ids))

    def _write_down(self, claimed: Job, offer: Offer, answers: list["_Answer"]) -> Job:
        now = self.clock.now()
        wait = self._retry_seconds(claimed, answers)

        def change(job: Job) -> Job | None:
            updates = _not_overtaken(job, answers)
            if not updates:
                return None
            return job.answered(
                updates,
                at=now,
                check_at=now + timedelta(seconds=_first_check_seconds(offer, job.delivery)),
                retry_at=now + timedelta(seconds=wait),
            )

        job = self._save(claimed, change)
        # Retries go by the watch: a queue that feeds itself is stopped by Lambda after 16 rounds.
        if job.has_work_to_send or (not job.is_terminal and job.delivery != "callback"):
            self.wake_watch()
        return job

    def _save(self, claimed: Job, change: Callable[[Job], Job | None]) -> Job:
        job = change(claimed)
        if job is None:
            return claimed
        try:
            self.jobs.save(job, was=claimed)
        except VersionConflict:  # a callback overtook the provider's own answer
            return revise(self.jobs, claimed.id, change)
        return job

    def _retry_seconds(self, claimed: Job, answers: list["_Answer"]) -> float:
        """Exponential with jitter, and never before the provider said."""
        told = [a.retry_after_seconds for a in answers if a.retry_after_seconds is not None]
        backoff = min(_LONGEST_RETRY, _FIRST_RETRY * 2.0 ** (claimed.dispatch_tries - 1))
        jitter = 0.5 + self.random_bytes(1)[0] / 512
        return max([backoff * jitter, *told])


class _Answer(NamedTuple):
    submission: Submission
    retry_after_seconds: float | None = None


def _not_overtaken(job: Job, answers: list[_Answer]) -> list[Submission]:
    """Return the answers that nobody has written down already."""
    waiting = {(s.attempt, s.number) for s in job.submissions if s.state is SubmissionState.SENDING}
    return [
        answer.submission
        for answer in answers
        if (answer.submission.attempt, answer.submission.number) in waiting
    ]


def _first_check_seconds(offer: Offer, delivery: str) -> float:
    if delivery == "callback":
        return offer.pacing.callback_grace
    return offer.pacing.first_poll
