"""The ports under test, in memory and on AWS."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from shared.adapters.clock import SystemClock
from shared.adapters.dynamodb.batches import DynamoBatches
from shared.adapters.dynamodb.books import DynamoAccounts, DynamoUsageBook
from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.adapters.dynamodb.deliveries import DynamoDeliveries
from shared.adapters.dynamodb.due_index import DynamoDueIndex
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.keys import DynamoApiKeys
from shared.adapters.dynamodb.leases import DynamoLeases
from shared.adapters.dynamodb.outbox import DynamoOutbox
from shared.adapters.dynamodb.places import DynamoPlaces
from shared.adapters.dynamodb.waiting_posts import DynamoWaitingPosts
from shared.adapters.dynamodb.webhooks import DynamoWebhooks
from shared.adapters.eventbridge import EventBridgeBus
from shared.adapters.memory.batches import MemoryBatches
from shared.adapters.memory.buckets import (
    MemoryCallbackArchive,
    MemoryDropFolder,
    MemoryMediaStore,
    MemoryUploads,
)
from shared.adapters.memory.due_index import MemoryDueIndex
from shared.adapters.memory.health import MemoryBreakers, MemoryPlaces
from shared.adapters.memory.ledger import MemoryAccounts, MemoryUsageBook
from shared.adapters.memory.messages import MemoryBus, MemoryQueue
from shared.adapters.memory.previews import MemoryPreviewQueue
from shared.adapters.memory.table import MemoryApiKeys, MemoryJobStore, MemoryLeases, MemoryOutbox
from shared.adapters.memory.waiting_posts import MemoryWaitingPosts
from shared.adapters.memory.webhooks import MemoryDeliveries, MemoryWebhooks
from shared.adapters.s3.callbacks import S3CallbackArchive
from shared.adapters.s3.drops import S3DropFolder
from shared.adapters.s3.media import S3MediaStore
from shared.adapters.s3.uploads import S3Uploads
from shared.adapters.sqs import SqsPreviewQueue, SqsQueue, read_message
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.ports.callbacks import CallbackArchive
from shared.ports.gates import Breakers, Leases, Places
from shared.ports.intake import Batches, DropFolder
from shared.ports.jobs import DueIndex, JobStore
from shared.ports.keys import Accounts, ApiKeys, UsageBook
from shared.ports.media import MediaStore, PreviewQueue
from shared.ports.messages import EventBus, Outbox, Queue, TaskHint
from shared.ports.uploads import Uploads
from shared.ports.waiting_posts import WaitingPosts
from shared.ports.webhooks import Deliveries, Webhooks
from tests.contract.aws import Aws

# Bytes. Below what functions have, so that a large image of the tests is still a small file.
IN_ONE_CALL: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Beside the ports: how to put many jobs in. For each that is added moto copies its table."""

    place: Callable[[Iterable[Job]], object]
    jobs: JobStore
    outbox: Outbox
    api_keys: ApiKeys
    leases: Leases
    breakers: Breakers
    places: Places
    accounts: Accounts
    usage_book: UsageBook
    webhooks: Webhooks
    deliveries: Deliveries
    batches: Batches
    due_index: DueIndex
    waiting_posts: WaitingPosts


def memory_table() -> Table:
    jobs = MemoryJobStore()
    deliveries, batches = MemoryDeliveries(), MemoryBatches(jobs)
    return Table(
        place=lambda many: list(map(jobs.add, many)),
        jobs=jobs,
        outbox=MemoryOutbox(jobs),
        api_keys=MemoryApiKeys(),
        leases=MemoryLeases(),
        breakers=MemoryBreakers(jobs.announced),
        places=MemoryPlaces(),
        accounts=MemoryAccounts(jobs.ledger),
        usage_book=MemoryUsageBook(jobs.ledger),
        webhooks=MemoryWebhooks(jobs.announced),
        deliveries=deliveries,
        batches=batches,
        due_index=MemoryDueIndex(jobs, deliveries, batches),
        waiting_posts=MemoryWaitingPosts(jobs),
    )


def dynamo_table(aws: Aws) -> Table:
    client, name = aws.dynamodb, aws.new_table()
    return Table(
        place=partial(aws.place_jobs, name),
        jobs=DynamoJobStore(client, table=name),
        outbox=DynamoOutbox(client, table=name),
        api_keys=DynamoApiKeys(client, table=name),
        leases=DynamoLeases(client, table=name),
        breakers=DynamoBreakers(client, table=name),
        places=DynamoPlaces(client, table=name),
        accounts=DynamoAccounts(client, table=name),
        usage_book=DynamoUsageBook(client, table=name),
        webhooks=DynamoWebhooks(client, table=name),
        deliveries=DynamoDeliveries(client, table=name),
        batches=DynamoBatches(client, table=name),
        due_index=DynamoDueIndex(client, table=name),
        waiting_posts=DynamoWaitingPosts(client, table=name),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Beside the ports: what a bucket holds, which no port tells."""

    media: MediaStore
    uploads: Uploads
    archive: CallbackArchive
    place: Callable[[str, bytes], str]  # an object of the uploader's own; its version
    unplace: Callable[[str], object]
    images: Callable[[], Mapping[str, bytes]]
    previews: Callable[[], Mapping[str, bytes]]
    callbacks: Callable[[], list[bytes]]
    unfinished_uploads: Callable[[], int]


def memory_buckets() -> Buckets:
    media, uploads, archive = (
        MemoryMediaStore(),
        MemoryUploads(),
        MemoryCallbackArchive(SystemClock()),
    )
    return Buckets(
        media=media,
        uploads=uploads,
        archive=archive,
        place=uploads.place,
        unplace=uploads.objects.pop,
        images=lambda: _beginning("images/", media.objects),
        previews=lambda: _beginning("previews/", media.objects),
        callbacks=lambda: [one.body for one in archive.kept],
        unfinished_uploads=lambda: 0,
    )


def _beginning(prefix: str, objects: Mapping[str, bytes]) -> dict[str, bytes]:
    return {key: content for key, content in objects.items() if key.startswith(prefix)}


def s3_buckets(aws: Aws) -> Buckets:
    bucket, incoming = aws.new_bucket(), aws.new_bucket(keeps_versions=True)

    def objects(prefix: str) -> dict[str, bytes]:
        found = aws.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {
            one["Key"]: aws.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            for one in found
        }

    return Buckets(
        media=S3MediaStore(aws.s3, bucket=bucket, in_one_call=IN_ONE_CALL),
        uploads=S3Uploads(aws.s3, bucket=incoming),
        archive=S3CallbackArchive(aws.s3, bucket=bucket),
        place=lambda key, content: aws.s3.put_object(Bucket=incoming, Key=key, Body=content)[
            "VersionId"
        ],
        unplace=lambda key: aws.s3.delete_object(Bucket=incoming, Key=key),
        images=lambda: objects("images/"),
        previews=lambda: objects("previews/"),
        callbacks=lambda: list(objects("callbacks/").values()),
        unfinished_uploads=lambda: len(
            aws.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropping:
    """The folder that people drop into, and what they do there."""

    folder: DropFolder
    drop: Callable[[str, bytes, Mapping[str, str]], str]  # an object with metadata; its version
    delete: Callable[[str], object]


def memory_dropping() -> Dropping:
    folder = MemoryDropFolder(MemoryUploads(), SystemClock())
    return Dropping(
        folder=folder,
        drop=lambda key, content, metadata: folder.drop(key, content, **metadata),
        delete=folder.delete,
    )


def s3_dropping(aws: Aws) -> Dropping:
    bucket = aws.new_bucket(keeps_versions=True)

    def drop(key: str, content: bytes, metadata: Mapping[str, str]) -> str:
        made = aws.s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata=dict(metadata))
        version: str = made["VersionId"]
        return version

    return Dropping(
        folder=S3DropFolder(aws.s3, bucket=bucket),
        drop=drop,
        delete=lambda key: aws.s3.delete_object(Bucket=bucket, Key=key),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A queue, and what its reader gets."""

    queue: Queue
    received: Callable[[], list[tuple[JobId, TaskHint | None]]]


def memory_mailbox() -> Mailbox:
    queue = MemoryQueue()
    return Mailbox(queue=queue, received=lambda: list(queue.messages))


def sqs_mailbox(aws: Aws) -> Mailbox:
    url = aws.new_queue()
    return Mailbox(
        queue=SqsQueue(aws.sqs, url=url),
        received=lambda: [read_message(body) for body in aws.receive(url)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewMailbox:
    queue: PreviewQueue
    received: Callable[[], list[JobId]]


def memory_preview_mailbox() -> PreviewMailbox:
    queue = MemoryPreviewQueue()
    return PreviewMailbox(queue=queue, received=lambda: list(queue.messages))


def sqs_preview_mailbox(aws: Aws) -> PreviewMailbox:
    url = aws.new_queue()
    return PreviewMailbox(
        queue=SqsPreviewQueue(aws.sqs, url=url),
        received=lambda: [read_message(body)[0] for body in aws.receive(url)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A bus, and what a subscriber gets: each event's type and document."""

    bus: EventBus
    received: Callable[[], list[tuple[str, Any]]]


def memory_broadcast() -> Broadcast:
    bus = MemoryBus()
    return Broadcast(
        bus=bus,
        received=lambda: [(event.type, json.loads(event.detail)) for event in bus.received],
    )


def eventbridge_broadcast(aws: Aws) -> Broadcast:
    bus, queue_url = aws.new_bus()

    def received() -> list[tuple[str, Any]]:
        envelopes = [json.loads(body) for body in aws.receive(queue_url)]
        return [(envelope["detail-type"], envelope["detail"]) for envelope in envelopes]

    return Broadcast(bus=EventBridgeBus(aws.events, bus=bus), received=received)
