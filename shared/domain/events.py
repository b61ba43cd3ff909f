"""Events: what a step announces, with an id and bytes fixed when it happens."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from shared.domain.account import Account
from shared.domain.batch import Batch
from shared.domain.breaker import Breaker, BreakerState
from shared.domain.ids import EventId, JobId, KeyId
from shared.domain.job import Job
from shared.domain.limits import renews_at
from shared.domain.money import usd
from shared.domain.public import batch_document, job_summary, timestamp
from shared.domain.status import JobStatus
from shared.domain.webhook import Webhook

SOURCE: Final = "seedhook"
_MOST_IMAGES: Final = 30

_ANNOUNCED: Final = {
    JobStatus.PROCESSING: "job.submitted",
    JobStatus.SUCCEEDED: "job.succeeded",
    JobStatus.PARTIAL: "job.partial",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
    JobStatus.EXPIRED: "job.expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWebhook:
    """An address that a job named for its own events; its API key's webhook secret signs."""

    url: str
    key_id: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Who is to hear of it stands beside the detail: the detail is for everybody's eyes."""

    id: EventId
    subject: str  # whose event it is, job#<id> for example: its rows lie together
    type: str
    created_at: datetime
    detail: str  # the exact JSON every receiver gets, in every try
    tenant: str = ""  # whose webhooks hear of it; empty: the bus alone
    webhook: JobWebhook | None = None
    source_job: JobId | None = None  # whose results are put beside its source first
    unseen_job: JobId | None = None  # whose images have no preview yet


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
    event = _sealed(
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
    return replace(event, tenant=tenant)


def farewell(webhook: Webhook, *, was: Webhook) -> Event | None:
    """Return the event that tells that we gave an endpoint up; its owner may do so in silence."""
    if webhook.enabled or not was.enabled or webhook.disabled_because is None:
        return None
    event = _sealed(
        "webhook.disabled",
        subject=f"webhook#{webhook.id}",
        event_id=EventId(f"evt_{webhook.id}_{webhook.version}"),
        at=webhook.updated_at,
        data={
            "object": "webhook",
            "id": webhook.id,
            "tenant": webhook.tenant,
            # The rest of a URL may hold a password.
            "host": urlsplit(webhook.url).netloc,
            "reason": webhook.disabled_because,
        },
    )
    return replace(event, tenant=webhook.tenant)


def completion(batch: Batch, *, was: Batch) -> Event | None:
    """Return the event that tells of a batch's end."""
    if was.is_over or not batch.is_over:
        return None
    event = _sealed(
        "batch.completed",
        subject=f"batch#{batch.tenant}",
        event_id=EventId(f"evt_{batch.id}_{batch.version}"),
        at=batch.updated_at,
        data=batch_document(batch),
    )
    return replace(event, tenant=batch.tenant)


def intake_refused(document: Mapping[str, object], *, at: datetime, tenant: str) -> Event:
    """Return the event that tells of something that came in by an event and was not taken.

    The same refusal of the same thing is the same event. Without a tenant the bus alone hears it.
    """
    text = json.dumps([document["source"], document["code"], document["detail"]])
    name = hashlib.sha256(text.encode()).hexdigest()[:26]
    event = _sealed(
        "intake.refused",
        subject=f"intake#{name}",
        event_id=EventId(f"evt_{name}_1"),
        at=at,
        data={"object": "intake", **document},
    )
    return replace(event, tenant=tenant)


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
    event = _sealed(
        kind,
        subject=f"job#{job.id}",
        event_id=EventId(f"evt_{job.id.removeprefix('job_')}_{job.version}"),
        at=job.updated_at,
        data=_few_images(job_summary(job)),
    )
    source_job = job.id if job.source and job.is_terminal else None
    unseen_job = job.id if job.unseen_images else None
    own = _own_webhook(job, kind)
    return replace(
        event, tenant=job.tenant, webhook=own, source_job=source_job, unseen_job=unseen_job
    )


def _few_images(summary: dict[str, Any]) -> dict[str, Any]:
    """Events stay small, however much came late: `delivered_images` tells how many there are."""
    return summary | {"images": summary["images"][:_MOST_IMAGES]}


def _own_webhook(job: Job, kind: str) -> JobWebhook | None:
    if job.webhook_url is None or (job.webhook_events and kind not in job.webhook_events):
        return None
    return JobWebhook(url=job.webhook_url, key_id=job.key_id)


def _sealed(
    kind: str, *, subject: str, event_id: EventId, at: datetime, data: Mapping[str, object]
) -> Event:
    body = {"id": event_id, "type": kind, "created_at": timestamp(at), "data": data}
    detail = json.dumps(body, separators=(",", ":"))
    return Event(id=event_id, subject=subject, type=kind, created_at=at, detail=detail)
