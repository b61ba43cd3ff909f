"""Take in what became of the submissions just sent, wherever the job stands by then."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from shared.domain.errors import Fault, JobNotFound, ResultUnavailable, TaskTaken, VersionConflict
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.offers import Offer
from shared.domain.status import JobStatus
from shared.domain.submission import Submission, SubmissionState
from shared.ports.jobs import JobStore
from shared.ports.media import Download, MediaStore
from shared.ports.messages import Queue
from shared.ports.providers import Providers
from shared.ports.runtime import Clock, RandomBytes
from shared.usecases.provider_gate import ProviderGate
from shared.usecases.revise import revise
from shared.usecases.sending import Answer, disowned

# Seconds.
_FIRST_RETRY: Final = 2.0
_LONGEST_RETRY: Final = 300.0
_SYNC_BACKSTOP: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Images that came as bytes and lie in the bucket by now, and why some do not."""

    sent: Submission
    images: tuple[StoredImage, ...]
    faults: tuple[Fault, ...]
    charged: Decimal | None

    def close(self, job: Job, at: datetime) -> list[Submission]:
        """Close the submission; with links beside the bytes, leave those to be fetched."""
        return [
            self._closed(s, at)
            for s in job.submissions
            if (s.attempt, s.number) == (self.sent.attempt, self.sent.number)
            and s.state is SubmissionState.ACCEPTED
        ]

    def _closed(self, submission: Submission, at: datetime) -> Submission:
        made = submission.made
        if made and made.urls:
            rest = replace(made, charged_usd=self.charged, stored_inline=len(self.images))
            return replace(submission, made=rest)
        return submission.settled(faults=self.faults, charged=self.charged, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeIn:
    jobs: JobStore
    media: MediaStore
    providers: Providers
    collect_queue: Queue
    gate: ProviderGate
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, claimed: Job, offer: Offer, answers: Sequence[Answer]) -> Job:
        """Write down the answers and what follows at once from them; return the job as saved.

        Raises JobNotFound for a job that was deleted meanwhile, once none of its images is kept.
        """
        try:
            return self._taken_in(claimed, offer, answers)
        except JobNotFound:
            if any(map(_came_inline, answers)):
                self.media.remove(claimed.id)
            raise

    def _taken_in(self, claimed: Job, offer: Offer, answers: Sequence[Answer]) -> Job:
        kept = [self._keep(claimed, offer, answer) for answer in answers if _came_inline(answer)]
        try:
            job = self._write_down(claimed, offer, answers, kept)
        except TaskTaken:
            # The provider named a task that another job has: nobody knows what became of ours,
            # unless the answer itself brought the images.
            job = self._write_down(claimed, offer, [disowned(a) for a in answers], kept)
        if job.status is JobStatus.CANCELLED:  # meanwhile, when nobody knew yet what to stop
            mine = [task.id for task in job.awaited_tasks if task.provider == offer.provider]
            self.providers[offer.provider].cancel(offer, mine)
        if any(s.made for s in job.followed):
            self.collect_queue.send(job.id)
        self._tell_gate(job, offer, answers)
        return job

    def _keep(self, job: Job, offer: Offer, answer: Answer) -> _Kept:
        """Store what came as bytes before anything says that it came: it is nowhere else."""
        sent, images, faults = answer.sent, list[StoredImage](), list[Fault]()
        contents = answer.acceptance.contents if answer.acceptance else ()
        made = answer.acceptance.made if answer.acceptance else None
        links = len(made.urls) if made else 0
        for position, content in enumerate(contents, start=sent.first_position + links):
            try:
                images.append(
                    self.media.store(
                        job.id,
                        attempt=sent.attempt,
                        position=position,
                        download=Download(iter([content]), len(content), is_whole=True),
                        keep_days=job.retention.image_days,
                    )
                )
            except ResultUnavailable as error:
                faults.append(error.fault)
        told = made.charged_usd if made else None
        charged = offer.estimate(links + len(contents)) if told is None else told
        return _Kept(sent=sent, images=tuple(images), faults=tuple(faults), charged=charged)

    def _write_down(
        self, claimed: Job, offer: Offer, answers: Sequence[Answer], kept: Sequence[_Kept]
    ) -> Job:
        now = self.clock.now()
        check_at = now + timedelta(seconds=_first_check_seconds(claimed, offer))
        retry_at = now + timedelta(seconds=self._retry_seconds(claimed, answers))
        images = [image for one in kept for image in one.images]

        def after(job: Job, updates: Sequence[Submission]) -> Job:
            job = job.answered(updates, at=now, check_at=check_at, retry_at=retry_at)
            settled = [s for one in kept for s in one.close(job, now)]
            return job.settled(settled, images, at=now, check_at=check_at) if settled else job

        def change(job: Job) -> Job | None:
            updates = _news(job, answers)
            return after(job, updates) if updates else None

        answered = after(claimed, _news(claimed, answers))
        try:
            self.jobs.save(answered, was=claimed)
        except VersionConflict:
            # Beaten by a callback that overtook the answer, or by a cancel: read anew.
            return revise(self.jobs, claimed.id, change)
        return answered

    def _retry_seconds(self, claimed: Job, answers: Sequence[Answer]) -> float:
        """Exponential with jitter, and never before the provider said."""
        told = [a.retry_after_seconds for a in answers if a.retry_after_seconds is not None]
        backoff = min(_LONGEST_RETRY, _FIRST_RETRY * 2.0 ** (claimed.dispatch_tries - 1))
        jitter = 0.5 + self.random_bytes(1)[0] / 512
        return max([backoff * jitter, *told])

    def _tell_gate(self, job: Job, offer: Offer, answers: Sequence[Answer]) -> None:
        """The answers are written down by now: what fails here costs a count, not a job."""
        with suppress(Exception):
            for answer in answers:
                if answer.was_called:
                    self.gate.report(offer.provider, offer.model, answer.fault)
            if not job.is_in_flight_at(offer.provider):
                self.gate.leave(job.id, offer.provider)


def _news(job: Job, answers: Sequence[Answer]) -> list[Submission]:
    """Return the submissions that were still without an answer, each with its own."""
    return [a.take(s) for a in answers for s in job.submissions if a.is_for(s)]


def _came_inline(answer: Answer) -> bool:
    return bool(answer.acceptance and answer.acceptance.contents)


def _first_check_seconds(job: Job, offer: Offer) -> float:
    pacing = offer.pace(job.input)
    if job.delivery == "callback":
        return pacing.callback_grace
    return _SYNC_BACKSTOP if job.delivery == "sync" else pacing.first_poll
