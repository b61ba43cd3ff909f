"""Collect what a provider has made: ask it, store the images, settle the job.

Whoever calls this and however often, it asks the provider what is true, writes images before it
writes that they are there, and leaves alone what is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.domain.errors import ErrorCode, Fault, ResultUnavailable
from shared.domain.ids import JobId
from shared.domain.image import StoredImage
from shared.domain.job import ATTEMPT_PATIENCE, UNKNOWN_FATE_PATIENCE, Job, JobStatus
from shared.domain.offers import Catalog, Offer
from shared.domain.reports import Result, TaskReport, conclude, results
from shared.domain.submission import Submission, SubmissionState
from shared.ports import Clock, ImageSource, JobStore, MediaStore, Providers, TaskHint
from shared.usecases.revise import revise

_CHECK_AGAIN: Final = timedelta(seconds=30)


class _Finding(NamedTuple):
    """A submission with what was found out, and the images it brought."""

    submission: Submission
    images: tuple[StoredImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectResult:
    jobs: JobStore
    catalog: Catalog
    providers: Providers
    image_source: ImageSource
    media: MediaStore
    clock: Clock

    def __call__(self, job_id: JobId, *, hint: TaskHint | None = None) -> Job:
        """Raises ProviderUnreadable when the provider cannot be asked: try again later."""
        job = self.jobs.get(job_id)
        if job.is_terminal or not job.attempts:
            return job
        offer = self.catalog.offer(job.model, job.provider)
        if hint:
            job = self._adopt(job, offer, hint)
        answers = [(s, self._ask(job, offer, s)) for s in job.current if s.is_open]
        if any(report.result_urls for _, reports in answers for report in reports):
            job = self._storing(job)
        findings = [self._find(job, offer, s, reports) for s, reports in answers]
        return self._write_down(job, findings)

    def _adopt(self, job: Job, offer: Offer, hint: TaskHint) -> Job:
        """Take a task id from a callback that overtook our own answer, once the provider knows it.

        Only where exactly one submission waits for its ids: otherwise the id could fit several.
        """

        def change(current: Job) -> Job | None:
            waiting = _waiting_for_ids(current, hint)
            if waiting is None:
                return None
            now = self.clock.now()
            due = now + _CHECK_AGAIN
            adopted = waiting.accepted((hint.task_id,))
            return current.answered([adopted], at=now, check_at=due, retry_at=due)

        if _waiting_for_ids(job, hint) is None:
            return job
        self.providers[job.provider].report(offer, [hint.task_id])
        return revise(self.jobs, job.id, change)

    def _ask(self, job: Job, offer: Offer, submission: Submission) -> tuple[TaskReport, ...]:
        if submission.state is not SubmissionState.ACCEPTED:
            return ()
        return self.providers[job.provider].report(offer, submission.task_ids)

    def _storing(self, job: Job) -> Job:
        def change(current: Job) -> Job | None:
            is_new = current.status is JobStatus.PROCESSING
            return current.storing(self.clock.now()) if is_new else None

        return revise(self.jobs, job.id, change)

    def _find(
        self, job: Job, offer: Offer, submission: Submission, reports: tuple[TaskReport, ...]
    ) -> _Finding:
        now = self.clock.now()
        if not reports:
            return _Finding(_given_up(submission, now) if _is_lost(submission, now) else submission)
        images: list[StoredImage] = []
        not_stored: list[Fault] = []
        there = {image.index for image in job.images}
        for result in results(submission, reports):
            if result.index not in there:
                try:
                    images.append(self._store(job, submission, result))
                except ResultUnavailable as error:
                    not_stored.append(error.fault)
        concluded = conclude(
            submission,
            reports,
            offer=offer,
            not_stored=not_stored,
            overdue=now >= job.attempts[-1].started_at + ATTEMPT_PATIENCE,
            at=now,
        )
        return _Finding(concluded, tuple(images))

    def _store(self, job: Job, submission: Submission, result: Result) -> StoredImage:
        with self.image_source.open(result.url) as chunks:
            return self.media.store(
                job.id, attempt=submission.attempt, index=result.index, chunks=chunks
            )

    def _write_down(self, job: Job, findings: Iterable[_Finding]) -> Job:
        found = {(f.submission.attempt, f.submission.number): f for f in findings}
        images = [image for finding in found.values() for image in finding.images]

        def change(current: Job) -> Job | None:
            updates = [
                found[s.attempt, s.number].submission
                for s in current.current
                if s.is_open and (s.attempt, s.number) in found
            ]
            is_news = images or set(updates) - set(current.submissions)
            if current.is_terminal or not is_news:
                return None
            now = self.clock.now()
            return current.settled(updates, images, at=now, check_at=now + _CHECK_AGAIN)

        return revise(self.jobs, job.id, change)


def _waiting_for_ids(job: Job, hint: TaskHint) -> Submission | None:
    unanswered = (SubmissionState.SENDING, SubmissionState.UNKNOWN)
    waiting = [s for s in job.current if s.state in unanswered]
    known = {task_id for s in job.submissions for task_id in s.task_ids}
    if len(waiting) != 1 or hint.attempt != len(job.attempts) or hint.task_id in known:
        return None
    return waiting[0]


def _is_lost(submission: Submission, now: datetime) -> bool:
    return submission.sent_at is not None and now >= submission.sent_at + UNKNOWN_FATE_PATIENCE


def _given_up(submission: Submission, now: datetime) -> Submission:
    fault = Fault(
        code=ErrorCode.AMBIGUOUS_SUBMIT,
        message="the provider may have accepted the request and may still charge it; "
        "it was not sent again",
    )
    return submission.settled(faults=(fault,), charged=None, at=now)
