"""Send a job's attempt to its provider: written down first, sent once, the answer written down.

The order is the promise. Who saves the claim may send, nobody else; a crash between claim and
answer leaves a submission whose fate is unknown, and unknown is never sent again.
"""

from collections.abc import Sequence
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
from shared.usecases.sending import Answer, Claimed, Draft, send, unsent
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

    def claim(self, job: Job) -> Claimed | None:
        """Lay out the first attempt of a job that is yet to be written, to be so with its claim.

        None where that is not as simple: past a deadline, or before a gate that keeps count.
        """
        now = self.clock.now()
        if job.overrun(now) or not self.pass_gate.is_wide_open(job):
            return None
        return self._claimed(job, now)

    def send(self, claimed: Claimed) -> Job:
        """Send what is claimed. Only for who has written the claim, and only once."""
        provider = self.providers[claimed.offer.provider]
        sender = partial(send, provider=provider, now=self.clock.now)
        return self._taken_in(claimed, self.parallel(sender, claimed.drafts))

    def put_back(self, claimed: Claimed) -> Job:
        """Write down that what is claimed was not sent, instead of sending it."""
        return self._taken_in(claimed, [unsent(draft) for draft in claimed.drafts])

    def _send(self, job: Job, routed: Job, now: datetime) -> Job:
        claimed = self._claimed(routed, now)
        if self._saved(job, claimed.job) is None:
            return job  # another worker was faster, and sends
        return self.send(claimed)

    def _claimed(self, job: Job, now: datetime) -> Claimed:
        offer = self.catalog.offer(job.model, job.provider)
        planned = job.plan(now, per_submission=offer.per_submission(job.delivery))
        drafts = self._drafts(planned, offer)
        claim = planned.claim(now, sending=[draft.submission for draft in drafts])
        return Claimed(job=claim, offer=offer, drafts=drafts)

    def _taken_in(self, claimed: Claimed, answers: Sequence[Answer]) -> Job:
        sent = self.take_in(claimed.job, claimed.offer, answers)
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
