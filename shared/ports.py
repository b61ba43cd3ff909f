"""What the use cases need of the world. Each port has a memory and a real adapter."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from shared.domain.account import Account
from shared.domain.api_key import ApiKey
from shared.domain.batch import Batch
from shared.domain.breaker import Breaker
from shared.domain.callback_token import CallbackKeys
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyAdmitted
from shared.domain.events import Event
from shared.domain.ids import BatchId, DeliveryId, EventId, JobId, KeyId, TaskId, WebhookId
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.job_filter import ALL_JOBS, JobFilter
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.measurement import Measurement
from shared.domain.offers import Offer
from shared.domain.reference import UploadedObject
from shared.domain.reports import TaskReport
from shared.domain.submission import Made, Submission, Task
from shared.domain.usage import Counts, Line
from shared.domain.wanted import JobInput
from shared.domain.webhook import Webhook

type RandomBytes = Callable[[int], bytes]
type TraceId = Callable[[], str]  # of the request that this process works for, or nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A caller's own name for a request: digests, and how they stand for it."""

    key: str
    fingerprint: str
    life: timedelta = timedelta(hours=24)
    replaces_until: datetime | None = None  # as in an Admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What an idempotency key stands for, until it expires."""

    idempotency: Idempotency
    answer: str
    expires_at: datetime
    # Take the place of what stands under the key, unless it was put there after this moment by
    # an admission that would not do so. None: never.
    replaces_until: datetime | None = None


class Clock(Protocol):
    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    jobs: tuple[Job, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """What the watch needs to know of a job without reading it."""

    id: JobId
    due_at: datetime
    model: str
    unsent: bool
    tasks: tuple[Task, ...]
    is_streamed: bool  # whether the provider's event stream will tell
    resolution: str | None
    since: datetime  # when the latest of its submissions was sent, or the job opened
    finish_by: datetime | None  # the caller's deadline, while the job is open


class JobStore(Protocol):
    """Jobs, their events, the tasks they own, what they hold and have cost: all or nothing.

    A task belongs to the first job that names it: TaskTaken is raised for any other.
    """

    def add(
        self, job: Job, *, admission: Admission | None = None, limits: Limits = UNLIMITED
    ) -> None:
        """Write a new job, under which idempotency key it was admitted, and what it holds.

        Raises AlreadyAdmitted when that key has made a job in the last 24 hours, BudgetExceeded,
        TooManyInFlight or RateLimited when a limit keeps it out, and Busy.
        """
        ...

    def get(self, job_id: JobId) -> Job:
        """Return the job as last written. Raises JobNotFound."""
        ...

    def get_many(self, job_ids: Collection[JobId]) -> Mapping[JobId, Job]:
        """Return the jobs as last written; one that is not there is left out."""
        ...

    def admitted(self, idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        """Return what the key stands for at this time."""
        ...

    def save(self, job: Job, *, was: Job, limits: Limits = UNLIMITED) -> None:
        """Write `job` over `was`, and what the step moves in its key's account and usage.

        Raises VersionConflict when `was` is no longer current. With limits a step that holds
        money anew raises BudgetExceeded or TooManyInFlight as `add` does.
        """
        ...

    def remove(self, job: Job) -> None:
        """Raises VersionConflict when the job is no longer as given."""
        ...

    def owned(self, provider: str, task_ids: Collection[TaskId]) -> frozenset[TaskId]:
        """Return those of the tasks that belong to a job."""
        ...

    def newest(
        self, tenant: str, *, limit: int, cursor: str | None, wanted: JobFilter = ALL_JOBS
    ) -> JobPage:
        """Return the tenant's jobs, newest first.

        A page may be shorter than `limit`, even empty: only so many jobs are looked at in one
        call. Without a cursor there are no more.
        """
        ...

    def due(self, *, before: datetime, limit: int | None = None) -> Sequence[DueJob]:
        """Return all jobs whose `due_at` has come, or at least one of them and at most `limit`.

        The longest due come first; may lag writes a little.
        """
        ...


class Outbox(Protocol):
    """Events that were announced and not yet published."""

    def announce(self, event: Event) -> None:
        """Announce what belongs to no row of its own; once more is the same."""
        ...

    def unpublished(self, *, before: datetime, limit: int) -> Sequence[Event]: ...

    def published(self, events: Iterable[Event]) -> None: ...


class EventBus(Protocol):
    def publish(self, events: Sequence[Event]) -> Collection[EventId]:
        """Hand events to the bus; return the ids it took."""
        ...


class ApiKeys(Protocol):
    def add(self, key: ApiKey) -> None: ...

    def find(self, key_id: KeyId) -> ApiKey | None: ...

    def save(self, key: ApiKey, *, was: ApiKey) -> None:
        """Write `key` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def all(self) -> Sequence[ApiKey]:
        """Return all keys, the newest first, those revoked included; may lag writes a little."""
        ...


class Accounts(Protocol):
    """What keys with a budget have spent and reserved. The job store writes it, with each job."""

    def get(self, keys: Mapping[KeyId, str]) -> Mapping[KeyId, Account]:
        """Return each key's account in the window named; a key that has none is left out."""
        ...


class UsageBook(Protocol):
    """What jobs that are over have made and cost. The job store writes it, with each job."""

    def lines(
        self, tenant: str, *, since: date, until: date, tagged: bool = False
    ) -> Iterable[tuple[Line, Counts]]:
        """Return a tenant's rows of some days, both ends included.

        The tagged ones count jobs once for each tag, the others count each job once.
        """
        ...


class Leases(Protocol):
    """At most one holder of a name at a time, unless it stops renewing."""

    def acquire(self, name: str, *, owner: str, now: datetime, until: datetime) -> bool:
        """Take or renew the lease; False when someone else holds it."""
        ...

    def release(self, name: str, *, owner: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHint:
    """A task id that a callback brought: a claim to be checked, not a fact."""

    attempt: int
    task_id: TaskId


class Queue(Protocol):
    """Hands a job to another function, at least once."""

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None: ...


class Batches(Protocol):
    """Batches, and the event that tells of their end: all or nothing."""

    def add(self, batch: Batch) -> None:
        """Raises VersionConflict when there is one of this id."""
        ...

    def get(self, tenant: str, batch_id: BatchId) -> Batch:
        """Raises BatchNotFound."""
        ...

    def save(self, batch: Batch, *, was: Batch) -> None:
        """Raises VersionConflict when `was` is no longer current."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[Batch]:
        """Return the newest hundred, newest first."""
        ...

    def due(self, *, before: datetime) -> Sequence[tuple[str, BatchId]]:
        """Return tenant and id of those whose next step is due."""
        ...


class BatchQueue(Protocol):
    def send(self, tenant: str, batch_id: BatchId) -> None:
        """Let a step be taken."""
        ...


class IntakeQueue(Protocol):
    def send_later(self, message: str, *, seconds: int) -> None:
        """Bring a message back after a while, of 15 minutes at most."""
        ...


class Metrics(Protocol):
    def __call__(self, measurements: Iterable[Measurement]) -> None:
        """Tell what was measured; costs no call, and never fails who tells it."""
        ...


class Wake(Protocol):
    def __call__(self) -> None:
        """Let the watch look at once."""
        ...


@dataclass(frozen=True, slots=True)
class Download:
    """An image on its way.

    How many bytes were announced tells how much memory to take, and proves nothing.
    """

    chunks: Iterator[bytes]
    announced: int | None = None


class ImageSource(Protocol):
    """A finished image at the provider."""

    def open(self, url: str) -> AbstractContextManager[Download]:
        """Stream it. Raises ResultUnavailable, also while it is read."""
        ...


class MediaStore(Protocol):
    def store(  # where it goes, what it is, how long it is kept
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        download: Download,
        keep_days: int | None = None,
    ) -> StoredImage:
        """Write the bytes once under their one key and describe what lies there.

        When the key is already taken nothing is written and what lies there is described.
        Raises ResultUnavailable when the bytes are not a whole image.
        """
        ...

    def link(self, key: str, *, filename: str, life: timedelta = timedelta(minutes=15)) -> str:
        """Sign a link for reading."""
        ...

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        """Return the bytes, cut after `at_most`; raises ResultUnavailable when there are none."""
        ...

    def store_preview(  # as `store`
        self,
        job_id: JobId,
        *,
        attempt: int,
        position: int,
        content: bytes,
        keep_days: int | None = None,
    ) -> None:
        """Write an image's preview under its one key; what lies there already stays."""
        ...

    def remove(self, job_id: JobId) -> None:
        """Remove all images and previews of a job; they are gone when this returns."""
        ...

    def remove_previews(self, job_id: JobId) -> None: ...

    def place(self, image: StoredImage, *, to: str, of: JobId) -> None:
        """Copy a job's image to a second place, over whatever lies there; it is kept as long.

        Raises ResultUnavailable when there is no image to copy.
        """
        ...

    def write_document(self, key: str, content: bytes, *, of: JobId | None = None) -> None:
        """Write JSON, over whatever lies there."""
        ...

    def displace(self, keys: Collection[str], *, of: JobId) -> None:
        """Remove what was placed and written for a job; what another has put there since stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A WebP of at most 512 pixels a side, and one of 16 as a data URI below 400 characters."""

    content: bytes
    placeholder: str


class Previewer(Protocol):
    def __call__(self, content: bytes) -> Preview:
        """Decode a PNG, JPEG or WebP whole. Raises Undecodable at all else, however it is made."""
        ...


class PreviewQueue(Protocol):
    def send(self, job_id: JobId) -> None:
        """Let a job's images be looked at. Raises nothing: a request that is lost is only that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """An object in the uploads bucket."""

    version_id: str | None
    bytes: int
    metadata: Mapping[str, str]  # names in lower case
    at: datetime


class DropFolder(Protocol):
    """The uploads bucket, where people drop pictures and read what was wrong with them."""

    def look(self, key: str, *, version_id: str | None) -> Dropped | None:
        """Return what lies there, in that version or the latest; None when it cannot be read."""
        ...

    def read(self, key: str, *, version_id: str | None = None, at_most: int) -> bytes | None:
        """Return the bytes, cut after `at_most`; None when there is no such object."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write JSON, over whatever lies there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUpload:
    """`version` is None where the bucket keeps one version only."""

    bytes: int
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """Where to post a file, and the fields that go before it."""

    url: str
    fields: Mapping[str, str]


class Uploads(Protocol):
    """The bucket that references come into."""

    @property
    def bucket(self) -> str: ...

    def put(self, content: bytes, *, content_type: str) -> str:
        """Store once per content; return the upload's id."""
        ...

    def find(self, place: UploadedObject) -> FoundUpload | None:
        """Return what lies there now; None when nothing does, or we may not know."""
        ...

    def link(self, place: UploadedObject) -> str:
        """Sign a link for reading that works for hours."""
        ...

    def read(self, place: UploadedObject) -> bytes:
        """Read what was found."""
        ...

    def form(self, key: str, *, content_type: str, most_bytes: int, life: timedelta) -> UploadForm:
        """Sign a form that takes one file of at least one byte, under this key, of this type."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCallback:
    job_id: JobId
    attempt: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCallback:
    """A kept callback with the moment it came; of one that was repeated, the last time."""

    callback: KeptCallback
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPage:
    callbacks: tuple[KeptCallback, ...]
    cursor: str | None


class CallbackArchive(Protocol):
    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None: ...

    def page(self, *, job_id: JobId | None, cursor: str | None, limit: int) -> CallbackPage:
        """Return kept callbacks of one job, or of all, in the order of job ids.

        Raises InvalidRequest for a cursor that no page of theirs has given.
        """
        ...

    def newest(self, job_id: JobId, *, limit: int) -> tuple[DatedCallback, ...]:
        """Return the callbacks of a job that came last, the newest first."""
        ...

    def remove(self, job_id: JobId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One submission, before it is put into the provider's words."""

    job_id: JobId
    offer: Offer
    wanted: JobInput
    references: tuple[str, ...]
    submission: Submission
    callback_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A submission in the provider's words, ready to be sent.

    `fingerprint` is a digest of what the provider echoes of it; empty if it echoes nothing.
    """

    order: Order
    body: Mapping[str, object]
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A provider's yes: the tasks it took on, or what it has made already.

    `contents` are images that came as bytes; they are nowhere else.
    """

    task_ids: tuple[TaskId, ...] = ()
    made: Made | None = None
    contents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a provider knows of a submission whose answer was lost.

    `task_ids` exactly echo it; `report` says how it ended where there is nothing left to ask for.
    """

    task_ids: tuple[TaskId, ...] = ()
    report: TaskReport | None = None


class Provider(Protocol):
    def compose(self, order: Order) -> Letter:
        """Put an order into the provider's words. Raises Refused where they cannot say it."""
        ...

    def submit(self, letter: Letter) -> Acceptance:
        """Send once. Raises NotSent, Refused or FateUnknown; never returns an empty Acceptance."""
        ...

    def recover(self, offer: Offer, submission: Submission, *, name: str) -> Recovery:
        """Look for a submission whose answer was lost; `name` is what we called it.

        Raises ProviderUnreadable. A provider that can tell nothing returns an empty Recovery.
        """
        ...

    def cancel(self, offer: Offer, task_ids: Collection[TaskId]) -> None:
        """Ask the provider to stop; what cannot be stopped goes on."""
        ...

    def report(self, offer: Offer, task_ids: Sequence[TaskId]) -> tuple[TaskReport, ...]:
        """Ask what became of tasks. Raises ProviderUnreadable when there is no usable answer."""
        ...

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        """Return those of the tasks worth a report now. Raises ProviderUnreadable."""
        ...


type Providers = Mapping[str, Provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an event stream brought; `gaps` if something may have gone unheard before."""

    ended: frozenset[TaskId] = frozenset()
    gaps: bool = False


class Listening(Protocol):
    def wait(self, seconds: float) -> News:
        """Return what was heard since the last call: at once when there is news, else in time.

        The first call after every (re)connection reports gaps: what ended before was not heard.
        """
        ...


class EventStream(Protocol):
    """A provider's own stream of completions: quick, and never to be relied on."""

    def listen(self) -> AbstractContextManager[Listening]:
        """Keep listening, reconnecting as needed, until the block ends. Raises nothing."""
        ...


type EventStreams = Mapping[str, EventStream]


class Parallel(Protocol):
    def __call__[T, R](self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work on all items, side by side where that is faster; keeps their order."""
        ...


class CallbackKeySource(Protocol):
    def __call__(self) -> CallbackKeys: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """How this deployment reaches a provider, and how the provider reaches us."""

    sandbox: bool
    callback_base: str | None  # None: the provider cannot reach this deployment
    fetches_links: bool  # whether the provider can read links into our storage


type Accesses = Mapping[str, ProviderAccess]


class Breakers(Protocol):
    """Breakers, and the events that tell where an outage begins and ends: all or nothing."""

    def all(self) -> Sequence[Breaker]:
        """Return all that were ever written, as last written."""
        ...

    def save(self, breaker: Breaker, *, was: Breaker) -> None:
        """Write `breaker` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...


class Places(Protocol):
    """How many jobs may be in flight at a provider: each of them has a place there.

    A place that nobody gives back is free again after PLACE_LIFE.
    """

    def take(self, provider: str, job_id: JobId, *, limit: int, now: datetime) -> bool:
        """Take a place, or keep the one the job has for another PLACE_LIFE; False if all are taken.

        A job that has a place keeps it also when the limit is lower by now.
        """
        ...

    def release(self, provider: str, job_id: JobId) -> None:
        """Give a place back; a job without one changes nothing."""
        ...

    def taken(self, provider: str) -> Mapping[JobId, datetime]:
        """Return who has a place, and since when; those that overstayed are there until needed."""
        ...


class Webhooks(Protocol):
    """Registered endpoints, and the events that tell that one was given up: all or nothing."""

    def add(self, webhook: Webhook) -> None: ...

    def get(self, tenant: str, webhook_id: WebhookId) -> Webhook:
        """Raises WebhookNotFound, also for another tenant's."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[Webhook]:
        """Return all of a tenant's, the oldest first."""
        ...

    def save(self, webhook: Webhook, *, was: Webhook) -> None:
        """Write `webhook` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def remove(self, webhook: Webhook) -> None:
        """Raises VersionConflict when it is no longer as given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    deliveries: tuple[Delivery, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    id: DeliveryId
    due_at: datetime


class Deliveries(Protocol):
    def add(self, delivery: Delivery) -> bool:
        """Write a planned delivery; False when it is there already, as it is by now."""
        ...

    def get(self, delivery_id: DeliveryId) -> Delivery:
        """Return the delivery as last written. Raises DeliveryNotFound."""
        ...

    def save(self, delivery: Delivery, *, was: Delivery) -> None:
        """Write `delivery` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def newest(self, tenant: str, *, limit: int, cursor: str | None) -> DeliveryPage:
        """Return the tenant's deliveries, newest first; may lag writes a little."""
        ...

    def due(self, *, before: datetime, limit: int) -> Sequence[DueDelivery]:
        """Return those whose turn it is, the longest due first; may lag writes a little."""
        ...


class DeliverQueue(Protocol):
    """Hands a delivery to the deliver function, at least once."""

    def send(self, delivery_id: DeliveryId) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of one request to a receiver; without a status no answer came."""

    milliseconds: int
    status: int | None = None
    answer: str = ""  # its beginning
    retry_after: str | None = None
    error: str | None = None  # in our words


class Courier(Protocol):
    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post once to an address that is vetted now, following nothing. Raises nothing."""
        ...


class MayReach(Protocol):
    def __call__(self, url: str) -> bool:
        """Tell whether a URL is one that may be called, as far as that can be seen from it."""
        ...
