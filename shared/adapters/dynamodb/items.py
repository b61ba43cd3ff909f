"""How jobs, submissions, events and keys lie in the table.

| item    | pk        | sk              | also                                   |
|---------|-----------|-----------------|----------------------------------------|
| job     | job#<id>  | job             | tenant + job_id (index), due_* (index) |
| event   | job#<id>  | event#<version> | due_* (index) until published          |
| API key | key#<id>  | key             | version; listed under #keys (index)    |
| lease   | lease#<n> | lease           | holder, held_until                     |
| task    | task#<p>#<id> | task        | claimed_by, expires_at                 |
| admission | admission#<key> | admission | job_id, fingerprint, answer; expires_at |
| breaker | breakers  | <p>#<model>     | version                                |
| waiting post | waiting#<request> | <job> | holder, held_until; expires_at |
| its event | breaker#<p>#<model> | event#<version> | due_* (index) until published |
| places  | places#<p> | places         | taken: job id -> time                  |

Accounts and usage: ledger.py.
Webhooks and deliveries: webhook_items.py.

What the table does not look into lies in `document`, as JSON of the domain type: a job with its
attempts and submissions is one item, so one conditional write changes all or nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zlib import crc32

from shared.adapters import job_record
from shared.adapters.dynamodb.attributes import from_wire, to_wire
from shared.adapters.dynamodb.documents import Document
from shared.domain.api_key import ApiKey
from shared.domain.breaker import Breaker
from shared.domain.events import Event, JobWebhook
from shared.domain.ids import EventId, JobId, KeyId, TaskId
from shared.domain.job import Job
from shared.domain.submission import Task
from shared.ports.jobs import DueJob

type Item = dict[str, Any]  # attribute values in DynamoDB's own notation

SCHEMA: Final = 1
SHARDS: Final = 8
BREAKERS: Final = "breakers"
KEYS: Final = "#keys"
_TASKS_ARE_REMEMBERED: Final = timedelta(days=7)

_KEY: Final = Document(ApiKey)
_BREAKER: Final = Document(Breaker)


def wire(plain: Mapping[str, object]) -> Item:
    return {name: to_wire(value) for name, value in plain.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: from_wire(value) for name, value in item.items()}


def job_key(job_id: JobId) -> dict[str, str]:
    return {"pk": f"job#{job_id}", "sk": "job"}


def job_item(job: Job) -> Item:
    """Raises RecordTooLarge."""
    item: dict[str, object] = job_key(job.id) | {
        "schema": SCHEMA,
        "tenant": job.tenant,
        "job_id": job.id,
        "version": job.version,
        "status": job.status.value,
        "provider": job.provider,
        "model": job.model,
        "document": job_record.written(job),
    }
    if job.forget_at:
        item["expires_at"] = int(job.forget_at.timestamp())
    if job.due_at:
        due = {
            "unsent": job.has_work_to_send,
            "tasks": [f"{task.provider}:{task.id}" for task in job.awaited_tasks],
            "streamed": any(s.delivery == "stream" for s in job.followed),
            "since": text_of(job.since),
        }
        if job.resolution:
            due["resolution"] = job.resolution
        if not job.is_terminal:
            due["finish_by"] = text_of(job.finish_by)
        item |= due_attributes(job.id, job.due_at) | due
    return wire(item)


def event_item(event: Event) -> Item:
    version = int(event.id.rpartition("_")[2])
    item = {
        "pk": event.subject,
        "sk": f"event#{version:06}",
        "schema": SCHEMA,
        "event_id": event.id,
        "type": event.type,
        "created_at": text_of(event.created_at),
        "detail": event.detail,
    }
    if event.source_job:
        item["source_job"] = event.source_job
    if event.unseen_job:
        item["unseen_job"] = event.unseen_job
    if event.tenant:
        item["event_tenant"] = event.tenant
    if event.webhook:
        item |= {"webhook_url": event.webhook.url, "webhook_key": event.webhook.key_id}
    return wire(item | due_attributes(event.subject, event.created_at, kind="events"))


def task_item(job: Job, task: Task) -> Item:
    """Return the claim that a task belongs to a job."""
    expires = int((job.updated_at + _TASKS_ARE_REMEMBERED).timestamp())
    return wire(task_key(task) | {"claimed_by": job.id, "expires_at": expires})


def task_key(task: Task) -> dict[str, str]:
    return {"pk": f"task#{task.provider}#{task.id}", "sk": "task"}


def key_item(key: ApiKey) -> Item:
    return wire(
        {
            "pk": f"key#{key.id}",
            "sk": "key",
            "schema": SCHEMA,
            "version": key.version,
            # Keys are few: they share the jobs' index, under a name that no tenant can have.
            "tenant": KEYS,
            "job_id": f"{text_of(key.created_at)}#{key.id}",
            "document": _KEY.write(key),
        }
    )


def read_job(item: Item) -> Job:
    return job_record.read(plain(item)["document"])


def read_due(item: Item) -> DueJob:
    row = plain(item)
    return DueJob(
        id=JobId(row["pk"].removeprefix("job#")),
        due_at=time_of(row["due_at"]),
        model=row["model"],
        unsent=row["unsent"],
        tasks=tuple(map(_task, row["tasks"])),
        is_streamed=row["streamed"],
        resolution=row.get("resolution"),
        since=time_of(row["since"]),
        finish_by=time_of(row["finish_by"]) if "finish_by" in row else None,
    )


def _task(text: str) -> Task:
    provider, _, task_id = text.partition(":")
    return Task(provider, TaskId(task_id))


def read_event(item: Item) -> Event:
    row = plain(item)
    return Event(
        id=EventId(row["event_id"]),
        subject=row["pk"],
        type=row["type"],
        created_at=time_of(row["created_at"]),
        detail=row["detail"],
        tenant=row.get("event_tenant", ""),
        source_job=JobId(row["source_job"]) if "source_job" in row else None,
        unseen_job=JobId(row["unseen_job"]) if "unseen_job" in row else None,
        webhook=JobWebhook(url=row["webhook_url"], key_id=KeyId(row["webhook_key"]))
        if "webhook_url" in row
        else None,
    )


def read_key(item: Item) -> ApiKey:
    return _KEY.read(plain(item)["document"])


def key_of_api_key(key_id: KeyId) -> Item:
    return wire({"pk": f"key#{key_id}", "sk": "key"})


def due_attributes(owner: str, at: datetime, *, kind: str = "jobs") -> dict[str, str]:
    """Spread the index over shards: one would be a hot partition."""
    shard = crc32(owner.encode()) % SHARDS
    return {"due_shard": f"{kind}#{shard}", "due_at": text_of(at)}


def text_of(at: datetime) -> str:
    """Return a time that sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def breaker_item(breaker: Breaker) -> Item:
    """All breakers lie together, so that one read of a few rows tells of them all."""
    return wire(
        {
            "pk": BREAKERS,
            "sk": f"{breaker.provider}#{breaker.model}",
            "schema": SCHEMA,
            "version": breaker.version,
            "document": _BREAKER.write(breaker),
        }
    )


def read_breaker(item: Item) -> Breaker:
    return _BREAKER.read(plain(item)["document"])


def places_key(provider: str) -> dict[str, str]:
    return {"pk": f"places#{provider}", "sk": "places"}


def read_places(item: Item) -> dict[JobId, datetime]:
    return {JobId(job_id): time_of(at) for job_id, at in plain(item)["taken"].items()}
