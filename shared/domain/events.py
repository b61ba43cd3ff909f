"""Events: what a transition announces, with an id and bytes fixed when it happens."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.ids import EventId, JobId
from shared.domain.job import Job
from shared.domain.public import job_summary, timestamp
from shared.domain.status import JobStatus

SOURCE: Final = "seedhook"

_ANNOUNCED: Final = {
    JobStatus.PROCESSING: "job.submitted",
    JobStatus.SUCCEEDED: "job.succeeded",
    JobStatus.PARTIAL: "job.partial",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
    JobStatus.EXPIRED: "job.expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: EventId
    job_id: JobId
    type: str
    created_at: datetime
    detail: str  # the exact JSON every receiver gets, in every try


def announcement(job: Job, *, was: Job | None) -> Event | None:
    """Return the event that the step from `was` to `job` announces, if it announces one."""
    if was is None:
        return _event("job.accepted", job)
    if was.is_terminal and len(job.images) > len(was.images):
        return _event("job.late_result", job)
    if job.status is was.status or job.status not in _ANNOUNCED:
        return None
    return _event(_ANNOUNCED[job.status], job)


def _event(kind: str, job: Job) -> Event:
    event_id = EventId(f"evt_{job.id.removeprefix('job_')}_{job.version}")
    body = {
        "id": event_id,
        "type": kind,
        "created_at": timestamp(job.updated_at),
        "data": job_summary(job),
    }
    detail = json.dumps(body, separators=(",", ":"))
    return Event(id=event_id, job_id=job.id, type=kind, created_at=job.updated_at, detail=detail)
