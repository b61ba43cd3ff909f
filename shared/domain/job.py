"""A job: one request for images, from admission to its one terminal state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from shared.domain.errors import ErrorCode, Fault, InvalidTransition
from shared.domain.ids import JobId, KeyId
from shared.domain.image import StoredImage
from shared.domain.submission import Attempt, Submission, SubmissionState, split


class JobStatus(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    PROCESSING = "processing"
    STORING = "storing"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


TRANSITIONS: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: frozenset({JobStatus.SUBMITTING}),
    JobStatus.SUBMITTING: frozenset({JobStatus.QUEUED, JobStatus.PROCESSING, JobStatus.FAILED}),
    JobStatus.PROCESSING: frozenset({JobStatus.STORING, JobStatus.FAILED}),
    JobStatus.STORING: frozenset({JobStatus.SUCCEEDED, JobStatus.PARTIAL, JobStatus.FAILED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.PARTIAL: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.EXPIRED: frozenset(),
}

UNKNOWN_FATE_PATIENCE: Final = timedelta(minutes=15)
ATTEMPT_PATIENCE: Final = timedelta(minutes=30)
DISPATCH_PATIENCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInput:
    """What was asked for, in Seedhook's own vocabulary (contract 2.1)."""

    prompt: str
    images: tuple[str, ...] = ()
    n: int = 1
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    seed: int | None = None
    output_format: str | None = None
    watermark: bool | None = None
    sequential: str | None = None
    prompt_optimize: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at: datetime
    status: JobStatus
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: JobId
    tenant: str
    key_id: KeyId
    status: JobStatus = JobStatus.QUEUED
    model: str
    provider: str
    delivery: str
    sandbox: bool = False
    input: JobInput
    images: tuple[StoredImage, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    submissions: tuple[Submission, ...] = ()
    dispatch_tries: int = 0
    error: Fault | None = None
    estimated_usd: Decimal | None = None
    late: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    version: int = 1
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    due_at: datetime | None = None  # when the watch must look, should nothing else happen before
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def is_terminal(self) -> bool:
        return not TRANSITIONS[self.status]

    @property
    def current(self) -> tuple[Submission, ...]:
        """The submissions of the latest attempt."""
        return tuple(s for s in self.submissions if s.attempt == len(self.attempts))

    @property
    def has_work_to_send(self) -> bool:
        if self.is_terminal:
            return False
        planned = any(s.state is SubmissionState.PLANNED for s in self.current)
        return planned or (self.status is JobStatus.QUEUED and not self.attempts)

    @property
    def charged_usd(self) -> Decimal | None:
        """What the providers charged; None while that is not known of every submission."""
        charges = [s.charged_usd for s in self.submissions]
        if not self.is_terminal or any(charge is None for charge in charges):
            return None
        return sum((charge for charge in charges if charge is not None), Decimal(0))

    def claim(self, at: datetime, *, per_submission: int, decision: str) -> Self:
        """Write down what is about to be sent. Only who saves this may send it, and only once."""
        if not self.has_work_to_send:
            raise InvalidTransition(f"{self.id}: nothing to send while {self.status}")
        job = self if self.current else self._with_attempt(at, per_submission, decision)
        sending = [s.sending(at) for s in job.current if s.state is SubmissionState.PLANNED]
        job = job._with(sending)
        status = JobStatus.SUBMITTING if job.status is JobStatus.QUEUED else job.status
        due_at = at + UNKNOWN_FATE_PATIENCE
        return replace(job._to(status, at), due_at=due_at, dispatch_tries=job.dispatch_tries + 1)

    def answered(
        self, answers: Iterable[Submission], *, at: datetime, check_at: datetime, retry_at: datetime
    ) -> Self:
        """Take in what became of the submissions just sent, or recovered later.

        `check_at` is when to ask an accepting provider; `retry_at` when to send what was not sent.
        """
        job = self._with(answers)
        states = {s.state for s in job.current}
        unsent = SubmissionState.PLANNED in states
        if SubmissionState.ACCEPTED in states:
            status = job.status
            status = JobStatus.PROCESSING if status is JobStatus.SUBMITTING else status
            return replace(
                job._to(status, at), due_at=min(check_at, retry_at) if unsent else check_at
            )
        if states & {SubmissionState.UNKNOWN, SubmissionState.SENDING}:
            due_at = retry_at if unsent else at + UNKNOWN_FATE_PATIENCE
            return replace(job._to(job.status, at), due_at=due_at)
        if unsent:
            is_first = job.status is JobStatus.SUBMITTING
            status = JobStatus.QUEUED if is_first else job.status
            return replace(job._to(status, at, note=job._why()), due_at=retry_at)
        return job._finished(at)

    def storing(self, at: datetime) -> Self:
        return self._to(JobStatus.STORING, at)

    def settled(
        self,
        updates: Iterable[Submission],
        images: Iterable[StoredImage],
        *,
        at: datetime,
        check_at: datetime,
    ) -> Self:
        """Take in stored images and what is known of their submissions; finish when all is known.

        An image that is already there stays: its bytes were written first.
        """
        by_index = {image.index: image for image in (*images, *self.images)}
        ordered = tuple(by_index[index] for index in sorted(by_index))
        job = replace(self._with(updates), images=ordered)
        if any(s.is_open for s in job.current):
            return replace(job._to(job.status, at), due_at=check_at)
        return job._finished(at)

    def _finished(self, at: datetime) -> Self:
        faults = [fault for s in self.current for fault in s.faults]
        if len(self.images) >= self.input.n:
            status, error = JobStatus.SUCCEEDED, None
        else:
            status = JobStatus.PARTIAL if self.images else JobStatus.FAILED
            error = faults[0] if faults else _nothing_came()
        return replace(self._to(status, at), error=error, completed_at=at, due_at=None)

    def _with_attempt(self, at: datetime, per_submission: int, decision: str) -> Self:
        number = len(self.attempts) + 1
        attempt = Attempt(
            number=number,
            provider=self.provider,
            delivery=self.delivery,
            started_at=at,
            decision=decision,
        )
        planned = split(self.input.n, per_submission=per_submission, attempt=number)
        return replace(
            self,
            attempts=(*self.attempts, attempt),
            submissions=(*self.submissions, *planned),
        )

    def _with(self, changed: Iterable[Submission]) -> Self:
        new = {(s.attempt, s.number): s for s in changed}
        merged = tuple(new.get((s.attempt, s.number), s) for s in self.submissions)
        return replace(self, submissions=merged)

    def _why(self) -> str | None:
        faults = [fault.message for s in self.current for fault in s.faults]
        return faults[0] if faults else None

    def _to(self, status: JobStatus, at: datetime, *, note: str | None = None) -> Self:
        timeline = self.timeline
        if status is not self.status:
            if status not in TRANSITIONS[self.status]:
                raise InvalidTransition(f"{self.id}: {self.status} -> {status}")
            timeline = (*timeline, TimelineEntry(at=at, status=status, note=note))
        version = self.version + 1
        return replace(self, status=status, version=version, updated_at=at, timeline=timeline)


def _nothing_came() -> Fault:
    return Fault(code=ErrorCode.EMPTY_RESULT, message="the provider finished without an image")
