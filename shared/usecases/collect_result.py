"""Collect what a provider has made: ask it, store the images, settle the job.

Whoever calls this and however often, it asks the provider what is true, writes images before it
writes that they are there, and leaves alone what is done. Of a job that is over it keeps what
still comes: what is paid is never thrown away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.domain.errors import (
    Fault,
    JobNotFound,
    ProviderUnreadable,
    ResultUnavailable,
    TaskTaken,
)
from shared.domain.ids import JobId, TaskId
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.offers import Catalog, Offer
from shared.domain.reports import (
    Result,
    TaskReport,
    conclude,
    next_look,
    results,
    without_news,
)
from shared.domain.status import DISPATCH_PATIENCE, RECOVERY_PATIENCE, JobStatus
from shared.domain.submission import UNANSWERED, Submission, SubmissionState
from shared.ports import (
    CallbackArchive,
    Clock,
    ImageSource,
    JobStore,
    MediaStore,
    Providers,
    TaskHint,
)
from shared.usecases.revise import revise

_SOON: Final = timedelta(seconds=15)
# What may still come of such a job is surplus: it was called off, or an earlier attempt did it all.
_NOTHING_WANTED: Final = frozenset({JobStatus.CANCELLED, JobStatus.SUCCEEDED})


class _Finding(NamedTuple):
    """A submission with what was found out, and the images it brought."""

    submission: Submission
    images: tuple[StoredImage, ...] = ()
    is_unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectResult:
    jobs: JobStore
    catalog: Catalog
    providers: Providers
    image_source: ImageSource
    media: MediaStore
    archive: CallbackArchive
    clock: Clock

    def __call__(self, job_id: JobId, *, hint: TaskHint | None = None) -> Job:
        """Raises ProviderUnreadable when the provider cannot be asked: try again later.

        Raises JobNotFound for a job that was deleted, once nothing is kept of its callbacks: one
        that came after the deletion was kept unseen.
        """
        try:
            return self._collect(job_id, hint)
        except JobNotFound:
            self.archive.remove(job_id)
            raise

    def _collect(self, job_id: JobId, hint: TaskHint | None) -> Job:
        job = self.jobs.get(job_id)
        offer = self.catalog.offer(job.model, job.provider)
        if hint:
            job = self._adopt(job, offer, hint.attempt, (hint.task_id,))
        job = self._recover(job, offer)
        if job.status in _NOTHING_WANTED:
            self._call_off(job, offer)
        answers = [(s, self._ask(job, offer, s)) for s in job.followed]
        if any(report.result_urls for _, reports in answers for report in reports or ()):
            job = self._storing(job)
        findings = {s: self._find(job, offer, s, reports) for s, reports in answers}
        return self._write_down(job, findings)

    def _call_off(self, job: Job, offer: Offer) -> None:
        """Spare what the provider has not made yet; what it has made all the same is kept."""
        running = [t for s in job.followed if not s.store_tries for t in s.task_ids]
        if running:
            self.providers[job.provider].cancel(offer, running)

    def _recover(self, job: Job, offer: Offer) -> Job:
        """Look for submissions of unknown fate among what the provider says it has."""
        now = self.clock.now()
        for submission in job.followed:
            if submission.state in UNANSWERED and _is_unanswered(submission, now):
                free = self._unowned_echoes(job, offer, submission)
                if len(free) == submission.images_asked:
                    job = self._accept(job, submission, free)
        return job

    def _unowned_echoes(self, job: Job, offer: Offer, submission: Submission) -> tuple[TaskId, ...]:
        try:
            seen = self.providers[job.provider].recover(offer, job.input, submission)
        except ProviderUnreadable:  # looked for again as long as there is hope
            return ()
        taken = self.jobs.owned(job.provider, seen)
        return tuple(task_id for task_id in seen if task_id not in taken)

    def _adopt(self, job: Job, offer: Offer, attempt: int, task_ids: tuple[TaskId, ...]) -> Job:
        """Take a task id from a callback that overtook our own answer, once the provider knows it.

        Only where exactly one submission waits for its ids: otherwise the id could fit several.
        """
        waiting = [s for s in job.followed if s.attempt == attempt and s.state in UNANSWERED]
        known = {task_id for s in job.submissions for task_id in s.task_ids}
        if len(waiting) != 1 or known.intersection(task_ids):
            return job
        self.providers[job.provider].report(offer, task_ids)
        return self._accept(job, waiting[0], task_ids)

    def _accept(self, job: Job, waiting: Submission, task_ids: tuple[TaskId, ...]) -> Job:
        def change(current: Job) -> Job | None:
            if waiting not in current.submissions:
                return None  # its own answer came meanwhile
            now = self.clock.now()
            due = now + _SOON
            accepted = waiting.accepted(task_ids)
            return current.answered([accepted], at=now, check_at=due, retry_at=due)

        try:
            return revise(self.jobs, job.id, change)
        except TaskTaken:  # it belongs to another job
            return job

    def _ask(self, job: Job, offer: Offer, submission: Submission) -> tuple[TaskReport, ...] | None:
        """Return None when the provider gives no usable answer: then nothing is news but time."""
        if submission.state is not SubmissionState.ACCEPTED:
            return ()
        try:
            return self.providers[job.provider].report(offer, submission.task_ids)
        except ProviderUnreadable:
            return None

    def _storing(self, job: Job) -> Job:
        def change(current: Job) -> Job | None:
            is_new = current.status is JobStatus.PROCESSING
            return current.storing(self.clock.now()) if is_new else None

        return revise(self.jobs, job.id, change)

    def _find(
        self,
        job: Job,
        offer: Offer,
        submission: Submission,
        reports: tuple[TaskReport, ...] | None,
    ) -> _Finding:
        if not reports:
            waited = without_news(submission, self.clock.now())
            return _Finding(waited, is_unread=reports is None)
        images: list[StoredImage] = []
        not_stored: list[Fault] = []
        there = {(image.attempt, image.position) for image in job.images}
        for result in results(submission, reports):
            if (submission.attempt, result.position) in there:
                continue
            try:
                images.append(self._store(job, submission, result))
            except ResultUnavailable as error:
                not_stored.append(error.fault)
        concluded = conclude(
            submission, reports, offer=offer, not_stored=not_stored, at=self.clock.now()
        )
        return _Finding(concluded, tuple(images))

    def _store(self, job: Job, submission: Submission, result: Result) -> StoredImage:
        with self.image_source.open(result.url) as chunks:
            return self.media.store(
                job.id, attempt=submission.attempt, position=result.position, chunks=chunks
            )

    def _write_down(self, job: Job, findings: Mapping[Submission, _Finding]) -> Job:
        images = [image for finding in findings.values() for image in finding.images]
        asked_in_vain = any(finding.is_unread for finding in findings.values())

        def change(current: Job) -> Job | None:
            now = self.clock.now()
            # What others wrote down meanwhile is newer than what was found.
            updates = [findings[s].submission for s in current.followed if s in findings]
            look_at = now + _SOON if asked_in_vain else next_look(current, now)
            job = current
            if images or set(updates) - set(current.submissions):
                job = current.settled(updates, images, at=now, check_at=look_at)
            elif _is_worth_moving(current, look_at, now):
                job = current.postponed(now, look_at)
            fault = job.overrun(now)
            job = job.expired(now, fault) if fault else job
            return None if job is current else job

        return revise(self.jobs, job.id, change)


def _is_unanswered(submission: Submission, now: datetime) -> bool:
    """Whether the provider's own answer can no longer be on its way."""
    return submission.sent_at is not None and now >= submission.sent_at + RECOVERY_PATIENCE


def _is_worth_moving(job: Job, look_at: datetime, now: datetime) -> bool:
    """A look that is due soon is left to the pace of the watch: writing it down would cost more."""
    if job.due_at is None or job.has_work_to_send:  # then it is due to be sent, not looked at
        return False
    return look_at < job.due_at or (job.due_at <= now and look_at >= now + DISPATCH_PATIENCE)
