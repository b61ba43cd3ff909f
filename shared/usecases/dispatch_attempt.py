"""Send a job's attempt to its provider: written down first, sent once, the answer written down.

The order is the promise. Who saves the claim may send, nobody else; a crash between claim and
answer leaves a submission whose fate is unknown, and unknown is never sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from shared.domain.errors import ErrorCode, Fault, Refused, VersionConflict
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.offers import Catalog, Offer
from shared.domain.submission import Submission
from shared.ports.jobs import JobStore
from shared.ports.messages import Wake
from shared.ports.providers import Order, Providers
from shared.ports.runtime import Clock, Parallel
from shared.usecases.callback_urls import CallbackUrls
from shared.usecases.pass_gate import PassGate
from shared.usecases.references import PrepareReferences
from shared.usecases.sending import Draft, send
from shared.usecases.take_in import TakeIn

_FORCED: Final = Fault(
    code=ErrorCode.PROVIDER_UNAVAILABLE,
    message="not called at all: X-Seedhook-Force-Failover asked for the next provider",
)
_AT_HAND: Final = frozenset({"callback", "sync"})  # deliveries that need nobody to look


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchAttempt:
    """Tolerates being called twice for one job: the second finds nothing to send."""

    jobs: JobStore
    catalog: Catalog
    providers: Providers
    prepare_references: PrepareReferences
    callback_urls: CallbackUrls
    pass_gate: PassGate
    take_in: TakeIn
    wake_watch: Wake
    parallel: Parallel
    clock: Clock

    def __call__(self, job_id: JobId, *, known: Job | None = None) -> Job:
        """`known` spares the read when the caller has just written the job."""
        job = known or self.jobs.get(job_id)
        now = self.clock.now()
        fault = job.overrun(now)
        if fault:
            return self._saved(job, job.expired(now, fault)) or job
        if not job.has_work_to_send:
            return job
        passed = self.pass_gate(job, now)
        if passed.wait_until:
            return self._postponed(job, passed.wait_until, now)
        return self._send(job, passed.job, now)

    def _send(self, job: Job, routed: Job, now: datetime) -> Job:
        offer = self.catalog.offer(routed.model, routed.provider)
        planned = routed.plan(now, per_submission=offer.per_submission(routed.delivery))
        drafts = self._drafts(planned, offer)
        claimed = self._saved(job, planned.claim(now, sending=[d.submission for d in drafts]))
        if claimed is None:
            return job  # another worker was faster, and sends
        provider = self.providers[offer.provider]
        sender = partial(send, provider=provider, now=self.clock.now)
        sent = self.take_in(claimed, offer, self.parallel(sender, drafts))
        # Retries go by the watch: a queue that feeds itself is stopped by Lambda after 16 rounds.
        if sent.has_work_to_send or (not sent.is_terminal and sent.delivery not in _AT_HAND):
            self.wake_watch()
        return sent

    def _drafts(self, planned: Job, offer: Offer) -> list[Draft]:
        """Everything that can fail is prepared before the claim, so a failure costs nothing."""
        to_send = [submission for submission in planned.current if submission.is_planned]
        try:
            references = self._references(planned)
        except Refused as refusal:
            now = self.clock.now()
            return [self._refused(submission, refusal, now) for submission in to_send]
        callback_url = self.callback_urls(planned, offer)
        now = self.clock.now()
        return [
            self._draft(
                Order(
                    job_id=planned.id,
                    offer=offer,
                    wanted=planned.input,
                    references=references,
                    submission=submission,
                    callback_url=callback_url,
                ),
                now,
            )
            for submission in to_send
        ]

    def _references(self, planned: Job) -> tuple[str, ...]:
        """Raises Refused, which costs nothing."""
        if planned.force_failover and len(planned.attempts) == 1:
            raise Refused(_FORCED)
        return self.prepare_references(planned)

    def _draft(self, order: Order, now: datetime) -> Draft:
        try:
            letter = self.providers[order.offer.provider].compose(order)
        except Refused as refusal:
            return self._refused(order.submission, refusal, now)
        sending = order.submission.sending(now, fingerprint=letter.fingerprint)
        return Draft(submission=sending, letter=letter)

    def _refused(self, submission: Submission, refusal: Refused, now: datetime) -> Draft:
        return Draft(submission=submission.sending(now, fingerprint=""), letter=refusal)

    def _postponed(self, job: Job, until: datetime, now: datetime) -> Job:
        saved = self._saved(job, job.postponed(now, until))
        if saved and until - now < timedelta(minutes=1):
            self.wake_watch()
        return saved or job

    def _saved(self, job: Job, changed: Job) -> Job | None:
        try:
            self.jobs.save(changed, was=job)
        except VersionConflict:
            return None
        return changed
