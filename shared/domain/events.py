"""Events: what a step announces, with an id and bytes fixed when it happens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.account import Account
from shared.domain.breaker import Breaker, BreakerState
from shared.domain.ids import EventId
from shared.domain.job import Job
from shared.domain.limits import renews_at
from shared.domain.money import usd
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
    subject: str  # whose event it is, job#<id> for example: its rows lie together
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


def outage(breaker: Breaker, *, was: Breaker) -> Event | None:
    """Return the event that tells where an outage begins or ends.

    A trial that fails tells nothing: the outage goes on.
    """
    if breaker.opened_at and not was.opened_at:
        return _provider_event(breaker, BreakerState.OPEN, breaker.opened_at)
    if breaker.closed_at and was.opened_at and not breaker.opened_at:
        return _provider_event(breaker, BreakerState.CLOSED, breaker.closed_at)
    return None


def budget_alarm(account: Account, threshold: int, *, tenant: str, at: datetime) -> Event:
    """Return the event that so much of a key's budget is spent or spoken for, in percent."""
    return _sealed(
        "budget.threshold",
        subject=f"account#{account.key_id}#{account.window}",
        event_id=EventId(f"evt_{account.key_id}.{account.window}_{threshold}"),
        at=at,
        data={
            "object": "budget",
            "key_id": account.key_id,
            "tenant": tenant,
            "window": account.window,
            "threshold": threshold,
            "budget_usd": usd(account.budget),
            "spent_usd": usd(account.spent),
            "reserved_usd": usd(account.reserved),
            "renews_at": timestamp(renews_at(account.window)),
        },
    )


def _provider_event(breaker: Breaker, state: BreakerState, since: datetime) -> Event:
    reason = breaker.reason
    return _sealed(
        f"provider.{state}",
        subject=f"breaker#{breaker.provider}#{breaker.model}",
        event_id=EventId(f"evt_{breaker.provider}.{breaker.model}_{breaker.version}"),
        at=since,
        data={
            "object": "provider",
            "provider": breaker.provider,
            "model": breaker.model,
            "state": state,
            "reason": {"code": reason.code, "message": reason.message} if reason else None,
            "since": timestamp(since),
        },
    )


def _event(kind: str, job: Job) -> Event:
    return _sealed(
        kind,
        subject=f"job#{job.id}",
        event_id=EventId(f"evt_{job.id.removeprefix('job_')}_{job.version}"),
        at=job.updated_at,
        data=job_summary(job),
    )


def _sealed(
    kind: str, *, subject: str, event_id: EventId, at: datetime, data: Mapping[str, object]
) -> Event:
    body = {"id": event_id, "type": kind, "created_at": timestamp(at), "data": data}
    detail = json.dumps(body, separators=(",", ":"))
    return Event(id=event_id, subject=subject, type=kind, created_at=at, detail=detail)
