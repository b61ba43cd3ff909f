"""The job as the outside sees it (contract 2.1), without links: those are signed when read."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.domain.batch import Batch
from shared.domain.errors import Fault
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.submission import Attempt, Submission, SubmissionState

# The state of an attempt is that of its least finished submission.
_LEAST_FINISHED_FIRST = (
    SubmissionState.SENDING,
    SubmissionState.UNKNOWN,
    SubmissionState.PLANNED,
    SubmissionState.ACCEPTED,
    SubmissionState.REFUSED,
    SubmissionState.SETTLED,
)


def timestamp(at: datetime | None) -> str | None:
    """Return RFC 3339 in UTC with milliseconds."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(amount: Decimal | None) -> str | None:
    """Return dollars as a decimal string; unknown stays None, never zero."""
    return None if amount is None else f"{amount:f}"


def fault_document(fault: Fault | None) -> dict[str, Any] | None:
    if fault is None:
        return None
    return {
        "code": fault.code,
        "message": fault.message,
        "who": fault.who,
        "retryable": fault.retryable,
    }


def job_summary(job: Job) -> dict[str, Any]:
    """Return the job without input, timeline and attempts: what events carry."""
    return {
        "id": job.id,
        "object": "job",
        "status": job.status,
        "model": job.model,
        "provider": job.provider,
        "delivery": job.delivery,
        "sandbox": job.sandbox,
        "images": [image_document(image) for image in job.images],
        "requested_images": job.input.n,
        "delivered_images": len(job.images),
        "error": fault_document(job.error),
        "cost": {
            "estimated_usd": money(job.estimated_usd),
            "charged_usd": money(job.charged_usd),
            "complete": job.is_cost_complete,
        },
        "late": job.late,
        "metadata": dict(job.metadata),
        "tags": list(job.tags),
        "version": job.version,
        "created_at": timestamp(job.created_at),
        "updated_at": timestamp(job.updated_at),
        "completed_at": timestamp(job.completed_at),
    }


def job_document(job: Job) -> dict[str, Any]:
    """Return the whole job."""
    return job_summary(job) | {
        "input": _input_document(job),
        "attempts": [_attempt_document(job, attempt) for attempt in job.attempts],
        "timeline": [
            {"at": timestamp(entry.at), "status": entry.status, "note": entry.note}
            for entry in job.timeline
        ],
    }


def batch_document(batch: Batch) -> dict[str, Any]:
    return {
        "id": batch.id,
        "object": "batch",
        "name": batch.name,
        "status": batch.state,
        "lines": batch.lines,
        "counts": {
            "accepted": batch.accepted,
            "refused": batch.refused,
            "in_flight": len(batch.in_flight),
            "succeeded": batch.succeeded,
            "failed": batch.failed,
        },
        "cost": {
            "max_usd": money(batch.max_usd),
            "estimated_usd": money(batch.estimated_usd),
            "charged_usd": money(batch.charged_usd),
            "unknown_charges": batch.unknown_charges,
        },
        "max_in_flight": batch.max_in_flight,
        "report": f"batches/{batch.name}.report.jsonl" if batch.is_over else None,
        "created_at": timestamp(batch.created_at),
        "updated_at": timestamp(batch.updated_at),
        "completed_at": timestamp(batch.completed_at),
    }


def image_document(image: StoredImage) -> dict[str, Any]:
    return {
        "index": image.index,
        "key": image.key,
        "content_type": image.content_type,
        "bytes": image.bytes,
        "width": image.width,
        "height": image.height,
        "sha256": image.sha256,
        "verified": image.verified,
    }


def _input_document(job: Job) -> dict[str, Any]:
    wanted = job.input
    return {
        "prompt": wanted.prompt,
        "images": list(wanted.images),
        "n": wanted.n,
        "resolution": wanted.resolution,
        "aspect_ratio": wanted.aspect_ratio,
        "size": wanted.size,
        "seed": wanted.seed,
        "output_format": wanted.output_format,
        "watermark": wanted.watermark,
        "sequential": wanted.sequential,
        "prompt_optimize": wanted.prompt_optimize,
    }


def _attempt_document(job: Job, attempt: Attempt) -> dict[str, Any]:
    mine = [s for s in job.submissions if s.attempt == attempt.number]
    settled = [s.settled_at for s in mine if s.settled_at]
    faults = [fault for s in mine for fault in s.faults]
    return {
        "number": attempt.number,
        "provider": attempt.provider,
        "delivery": attempt.delivery,
        "task_ids": [task_id for s in mine for task_id in s.task_ids],
        "state": _state(mine),
        "submitted_at": timestamp(attempt.started_at),
        "finished_at": timestamp(max(settled)) if len(settled) == len(mine) else None,
        "error": fault_document(faults[0] if faults else None),
        "decision": attempt.decision,
        "key": attempt.key_id or job.key_id,
        "charged_usd": money(_charged(mine)),
        "charge_complete": not any(s.untold for s in mine),
        "submissions": [_submission_document(s) for s in mine],
    }


def _submission_document(submission: Submission) -> dict[str, Any]:
    return {
        "number": submission.number,
        "state": submission.state,
        "images_asked": submission.images_asked,
        "task_ids": list(submission.task_ids),
        "charged_usd": money(submission.charge),
        "charge_complete": not submission.untold,
    }


def _charged(submissions: list[Submission]) -> Decimal | None:
    known = [s.charge for s in submissions if s.charge is not None]
    is_complete = not any(s.untold for s in submissions)
    return sum(known, Decimal(0)) if is_complete or any(known) else None


def _state(submissions: list[Submission]) -> SubmissionState:
    return min((s.state for s in submissions), key=_LEAST_FINISHED_FIRST.index)
