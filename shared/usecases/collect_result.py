"""Collect what a provider has made: ask it, store the images, settle the job.

Whoever calls this and however often, it asks the provider what is true, writes images before it
writes that they are there, and leaves alone what is done. Of a job that is over it keeps what
still comes: what is paid is never thrown away.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.domain.errors import (
    ErrorCode,
    Fault,
    JobNotFound,
    ProviderUnreadable,
    ResultDamaged,
    ResultUnavailable,
)
from shared.domain.ids import JobId
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.offers import Catalog, Offer
from shared.domain.reports import (
    Result,
    TaskReport,
    conclude,
    next_look,
    report_of,
    results,
    without_news,
)
from shared.domain.status import DISPATCH_PATIENCE, JobStatus
from shared.domain.submission import Submission, SubmissionState
from shared.ports.callbacks import CallbackArchive
from shared.ports.jobs import JobStore
from shared.ports.media import ImageSource, MediaStore
from shared.ports.messages import TaskHint
from shared.ports.providers import Providers
from shared.ports.runtime import Clock, Parallel
from shared.ports.webhooks import Deliveries
from shared.usecases.provider_gate import ProviderGate
from shared.usecases.recover import Recover
from shared.usecases.revise import revise

_SOON: Final = timedelta(seconds=15)
# What may still come of such a job is surplus: it was called off, or an earlier attempt did it all.
_NOTHING_WANTED: Final = frozenset({JobStatus.CANCELLED, JobStatus.SUCCEEDED})
_TWO_DAMAGED: Final = Fault(
    code=ErrorCode.RESULT_GONE,
    message="what the provider served was cut short, or damaged, in a different way each time",
)

type _Reports = tuple[TaskReport, ...]


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
    recover: Recover
    image_source: ImageSource
    media: MediaStore
    gate: ProviderGate
    archive: CallbackArchive
    deliveries: Deliveries
    transfers: Parallel
    clock: Clock

    def __call__(self, job_id: JobId, *, hint: TaskHint | None = None) -> Job:
        """Raises ProviderUnreadable when the provider cannot be asked: try again later.

        Raises JobNotFound for a job that was deleted, once nothing is kept of its callbacks and
        images: what came while it was deleted, or afterwards, was kept unseen.
        """
        try:
            return self._collect(job_id, hint)
        except JobNotFound:
            self.archive.remove(job_id)
            # A record may also have reached the end of its time before its images.
            if self.deliveries.is_closed(job_id):
                self.media.remove(job_id)
            raise

    def _collect(self, job_id: JobId, hint: TaskHint | None) -> Job:
        job = self.jobs.get(job_id)
        if hint:
            job = self.recover.adopt(job, hint)
        job, endings = self.recover(job)
        if job.status in _NOTHING_WANTED:
            self._call_off(job)
        answers = [(s, endings.get(s) or self._ask(job, s)) for s in job.followed]
        coming = sum(len(report.result_urls) for _, reports in answers for report in reports or ())
        began = self.clock.now() if coming else None
        # Callers see that many are being stored; of one the write would outlast the sight.
        if began and coming > 1:
            job = revise(self.jobs, job.id, lambda current: _begun(current, began), known=job)
        findings = {s: self._find(job, s, reports) for s, reports in answers}
        settled = self._write_down(job, findings, began)
        self._leave_gates(job, settled)
        return settled

    def _offer(self, job: Job, submission: Submission) -> Offer:
        return self.catalog.offer(job.model, submission.provider)

    def _call_off(self, job: Job) -> None:
        """Spare what the provider has not made yet; what it has made all the same is kept."""
        for submission in job.followed:
            if submission.task_ids and not submission.store_tries and not submission.made:
                provider = self.providers[submission.provider]
                provider.cancel(self._offer(job, submission), submission.task_ids)

    def _ask(self, job: Job, submission: Submission) -> _Reports | None:
        """Return None when the provider gives no usable answer: then nothing is news but time."""
        if submission.state is not SubmissionState.ACCEPTED:
            return ()
        if submission.made:
            return (report_of(submission.made),)
        provider = self.providers[submission.provider]
        try:
            return provider.report(self._offer(job, submission), submission.task_ids)
        except ProviderUnreadable:
            return None

    def _find(self, job: Job, submission: Submission, reports: _Reports | None) -> _Finding:
        if not reports:
            waited = without_news(submission, self.clock.now())
            return _Finding(waited, is_unread=reports is None)
        there = {(image.attempt, image.position) for image in job.images}
        found = [
            result
            for result in results(submission, reports)
            if (submission.attempt, result.position) not in there
        ]
        came = self.transfers(lambda result: self._stored(job, submission, result), found)
        images = tuple(one for one in came if isinstance(one, StoredImage))
        not_stored = [one for one in came if isinstance(one, Fault)]
        offer, now = self._offer(job, submission), self.clock.now()
        concluded = conclude(submission, reports, offer=offer, not_stored=not_stored, at=now)
        return _Finding(concluded, images)

    def _stored(self, job: Job, submission: Submission, result: Result) -> StoredImage | Fault:
        try:
            return self._store(job, submission, result)
        except ResultDamaged as first:
            return self._stored_again(job, submission, result, first)
        except ResultUnavailable as error:
            return error.fault

    def _stored_again(
        self, job: Job, submission: Submission, result: Result, first: ResultDamaged
    ) -> StoredImage | Fault:
        """Fetch once more what looks damaged: the same bytes again are what the provider has."""
        try:
            return self._store(job, submission, result, seen_sha256=first.sha256)
        except ResultDamaged:
            return _TWO_DAMAGED
        except ResultUnavailable as error:
            return error.fault

    def _store(
        self,
        job: Job,
        submission: Submission,
        result: Result,
        *,
        seen_sha256: str | None = None,
    ) -> StoredImage:
        with self.image_source.open(result.url) as download:
            return self.media.store(
                job.id,
                attempt=submission.attempt,
                position=result.position,
                download=replace(download, seen_sha256=seen_sha256),
                keep_days=job.retention.image_days,
            )

    def _write_down(
        self, job: Job, findings: Mapping[Submission, _Finding], began: datetime | None
    ) -> Job:
        images = [image for finding in findings.values() for image in finding.images]
        asked_in_vain = any(finding.is_unread for finding in findings.values())

        def change(current: Job) -> Job | None:
            now = self.clock.now()
            # What others wrote down meanwhile is newer than what was found.
            updates = [findings[s].submission for s in current.followed if s in findings]
            planned = next_look(current, now, updates=updates)
            look_at = now + _SOON if asked_in_vain else planned
            job = (_begun(current, began) if began else None) or current
            if images or set(updates) - set(current.submissions):
                job = job.settled(updates, images, at=now, check_at=look_at)
            elif _is_worth_moving(current, look_at, now):
                job = job.postponed(now, look_at)
            fault = job.overrun(now)
            job = job.expired(now, fault) if fault else job
            return None if job is current else job

        return revise(self.jobs, job.id, change, known=job)

    def _leave_gates(self, before: Job, job: Job) -> None:
        """The outcome is written down by now: a place that is not given back is freed by time."""
        with suppress(Exception):
            for provider in {s.provider for s in before.followed}:
                if not job.is_in_flight_at(provider):
                    self.gate.leave(job.id, provider)


def _begun(job: Job, at: datetime) -> Job | None:
    """Write down since when images are being stored, unless that is known."""
    is_new = job.status is JobStatus.PROCESSING
    return job.storing(max(at, job.updated_at)) if is_new else None


def _is_worth_moving(job: Job, look_at: datetime, now: datetime) -> bool:
    """A look that is due soon is left to the pace of the watch: writing it down would cost more."""
    if job.due_at is None or job.has_work_to_send:  # then it is due to be sent, not looked at
        return False
    return look_at < job.due_at or (job.due_at <= now and look_at >= now + DISPATCH_PATIENCE)
