"""A job, and how a test leads it on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import JobId, KeyId, TaskId
from shared.domain.image import StoredImage, image_key
from shared.domain.job import Job
from shared.domain.status import TERMINAL, JobStatus
from shared.domain.submission import Submission, SubmissionState
from shared.domain.wanted import JobInput

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CHECK_AT, RETRY_AT = NOW + timedelta(seconds=20), NOW + timedelta(seconds=5)
FAULT = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="the provider was not there")
OPEN = sorted(set(JobStatus) - TERMINAL)

JOB = JobId("job_1")

type Turn = Callable[[Submission], Submission]


def a_job(status: JobStatus = JobStatus.QUEUED, *, n: int = 1) -> Job:
    return Job(
        id=JOB,
        tenant="default",
        key_id=KeyId("key"),
        status=status,
        model="seedream-4.5",
        provider="oxen",
        delivery="poll",
        input=JobInput(prompt="a fox", n=n),
        created_at=NOW,
        opened_at=NOW,
        updated_at=NOW,
    )


def claimed(job: Job, *, per_submission: int = 1) -> Job:
    plan = job.plan(NOW, per_submission=per_submission)
    waiting = [s for s in plan.current if s.state is SubmissionState.PLANNED]
    return plan.claim(NOW, sending=[s.sending(NOW, fingerprint="as sent") for s in waiting])


def answered(job: Job, *answers: Submission) -> Job:
    return job.answered(answers, at=NOW, check_at=CHECK_AT, retry_at=RETRY_AT)


def settled(job: Job, *updates: Submission, images: tuple[StoredImage, ...] = ()) -> Job:
    return job.settled(updates, images, at=NOW, check_at=CHECK_AT)


def an_image(position: int, *, attempt: int = 1) -> StoredImage:
    return StoredImage(
        index=position,
        attempt=attempt,
        position=position,
        key=image_key(JOB, attempt=attempt, position=position, extension="png"),
        content_type="image/png",
        bytes=1,
        width=1,
        height=1,
        sha256="",
    )


def accept(submission: Submission) -> Submission:
    task_id = TaskId(f"task-{submission.attempt}-{submission.number}")
    return submission.accepted((task_id,))


def refuse(submission: Submission) -> Submission:
    return submission.refused(FAULT, NOW)


def not_sent(submission: Submission) -> Submission:
    return submission.not_sent(FAULT)


def lose(submission: Submission) -> Submission:
    return submission.unknown(FAULT)


def finish(submission: Submission) -> Submission:
    return submission.settled(faults=(), charged=Decimal("0.04"), at=NOW)


def fail(submission: Submission) -> Submission:
    return submission.settled(faults=(FAULT,), charged=None, at=NOW)


def sent(*turns: Turn) -> Job:
    """Return a job with as many submissions as answers, each answered in its way."""
    job = claimed(a_job(n=len(turns)))
    return answered(job, *(turn(s) for turn, s in zip(turns, job.submissions, strict=True)))
