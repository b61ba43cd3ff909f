"""The whole service on memory adapters: the real wiring, another world."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any

from shared.adapters.http import HttpClient
from shared.adapters.inline_images import ResultSource
from shared.adapters.measured_jobs import MeasuredJobs
from shared.adapters.memory.batches import MemoryBatches, MemoryBatchQueue
from shared.adapters.memory.buckets import (
    MemoryCallbackArchive,
    MemoryDropFolder,
    MemoryImageSource,
    MemoryMediaStore,
    MemoryUploads,
)
from shared.adapters.memory.due_index import MemoryDueIndex
from shared.adapters.memory.health import MemoryBreakers, MemoryPlaces
from shared.adapters.memory.ledger import MemoryAccounts, MemoryUsageBook
from shared.adapters.memory.messages import (
    MemoryBus,
    MemoryIntakeQueue,
    MemoryQueue,
    MemoryWake,
    VirtualClock,
)
from shared.adapters.memory.metrics import MemoryMetrics
from shared.adapters.memory.previews import MemoryPreviewer, MemoryPreviewQueue
from shared.adapters.memory.provider import MemoryProvider
from shared.adapters.memory.table import (
    MemoryApiKeys,
    MemoryJobStore,
    MemoryLeases,
    MemoryOutbox,
)
from shared.adapters.memory.waiting_posts import MemoryWaitingPosts
from shared.adapters.memory.webhooks import (
    MemoryCourier,
    MemoryDeliveries,
    MemoryDeliverQueue,
    MemoryWebhooks,
)
from shared.adapters.parallel import InTurn
from shared.domain.api_key import ApiKey
from shared.domain.callback_token import CallbackKeys
from shared.domain.ids import JobId, KeyId
from shared.domain.job import Job
from shared.domain.status import FINISH_PATIENCE
from shared.domain.wanted import JobInput
from shared.ports.providers import EventStreams, ProviderAccess
from shared.usecases.admit_job import Wish
from shared.wiring.service import Service
from tests.pictures import a_png

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADMIN_KEY = "the-admin-key"


class MemoryService(Service):
    def __init__(self, **environ: str) -> None:
        super().__init__(environ=environ)
        self.clock = self.time = VirtualClock(NOW)
        self.metrics = self.measured = MemoryMetrics()
        self.store = MemoryJobStore()
        self.jobs = MeasuredJobs(self.store, self.metrics)
        self.outbox = MemoryOutbox(self.store)
        self.waiting_posts = MemoryWaitingPosts(self.store)
        self.accounts = MemoryAccounts(self.store.ledger)
        self.usage_book = MemoryUsageBook(self.store.ledger)
        self.api_keys = MemoryApiKeys()
        self.leases = MemoryLeases()
        self.media = self.bucket = MemoryMediaStore()
        self.uploads = self.references = MemoryUploads()
        self.drop_folder = self.drops = MemoryDropFolder(self.uploads, self.clock)
        self.callback_archive = self.archive = MemoryCallbackArchive(self.clock)
        self.previewer = MemoryPreviewer()
        self.preview_queue = self.to_preview = MemoryPreviewQueue()
        self.collect_queue = self.to_collect = MemoryQueue()
        self.dispatch_queue = self.to_dispatch = MemoryQueue()
        self.wake_watch = self.wake = MemoryWake()
        self.event_bus = self.bus = MemoryBus()
        self.intake_queue = self.to_intake = MemoryIntakeQueue()
        self.batches = MemoryBatches(self.store)
        self.batch_queue = self.to_batches = MemoryBatchQueue()
        self.apixo = MemoryProvider("apixo", draw=lambda _: a_png())
        self.oxen = MemoryProvider("oxen", draw=lambda _: a_png(), ids_per_image=True)
        self.aimlapi = MemoryProvider("aimlapi", draw=lambda _: a_png(), keeps_a_log=True)
        self.aimlapi.files = self.oxen.files = self.apixo.files  # one web for all
        self.providers = {"apixo": self.apixo, "oxen": self.oxen, "aimlapi": self.aimlapi}
        self.streams: EventStreams = {}
        self.parallel = self.transfers = InTurn()
        self.breakers = MemoryBreakers(self.store.announced)
        self.places = MemoryPlaces()
        self.limits: Mapping[str, int] = {}
        self.webhooks = MemoryWebhooks(self.store.announced)
        self.deliveries = self.log = MemoryDeliveries()
        self.due_index = MemoryDueIndex(self.store, self.log, self.batches)
        self.deliver_queue = self.to_deliver = MemoryDeliverQueue()
        self.courier = self.receivers = MemoryCourier()
        self.may_reach = HttpClient().allows
        reachable = ProviderAccess(
            sandbox=True, callback_base="https://seedhook.example", fetches_links=True
        )
        self.accesses = dict.fromkeys(self.providers, reachable)
        self.image_source = ResultSource(MemoryImageSource(self.apixo.files))
        self.reference_source = MemoryImageSource({})
        self.random_bytes = Random(1).randbytes  # noqa: S311  # the same in each run
        self.signing_keys = lambda: CallbackKeys(current="k1", keys={"k1": b"secret"})
        self.callback_keys = self.signing_keys
        self.is_admin_key = ADMIN_KEY.__eq__
        self.base_url = "https://seedhook.example"

    @cached_property
    def edits_key_id(self) -> KeyId | None:
        return self.a_key().id

    @cached_property
    def events_key_id(self) -> KeyId | None:
        return self.a_key().id

    def a_key(self, *, tenant: str = "default") -> ApiKey:
        return self.issue_key(tenant=tenant, name="test").key

    def submit(self, *, key: ApiKey | None = None, **wish: Any) -> Job:
        """Admit a job and send it off, as the submit function does."""
        admitted = self.admit_job(
            a_wish(**wish), key=key or self.a_key(), render=str, claim=self.send_off.claim
        )
        assert admitted.job
        self.send_off(admitted.job, admitted.claimed)
        return self.jobs.get(admitted.job.id)

    def admit(self, *, key: ApiKey | None = None, **wish: Any) -> Job:
        """Admit a job as what comes by folders and batches is: it goes by the queue."""
        admitted = self.admit_job(a_wish(**wish), key=key or self.a_key(), render=str)
        assert admitted.job
        return admitted.job

    def retry(self, job: Job) -> Job:
        """Retry a job on the key that it was admitted under."""
        key = self.api_keys.find(job.key_id)
        assert key
        return self.retry_job(job, key=key)

    def deliver_messages(self) -> None:
        """Let the queues' functions work until the queues are empty."""
        while self.to_dispatch.messages or self.to_collect.messages:
            if self.to_dispatch.messages:
                job_id, _ = self.to_dispatch.messages.popleft()
                self.dispatch_attempt(job_id)
            if self.to_collect.messages:
                job_id, hint = self.to_collect.messages.popleft()
                self.collect_result(job_id, hint=hint)

    def collect(self, job_id: JobId) -> Job:
        return self.collect_result(job_id)


def a_wish(  # noqa: PLR0913  # each test names the few it means
    *,
    model: str = "seedream-4.5",
    provider: str | tuple[str, ...] = "apixo",
    delivery: str = "auto",
    tags: tuple[str, ...] = (),
    failover: bool = True,
    force_failover: bool = False,
    on_unknown: str = "fail",
    start_within: timedelta | None = None,
    finish_within: timedelta = FINISH_PATIENCE,
    metadata: Mapping[str, str] | None = None,
    webhook_url: str | None = None,
    webhook_events: tuple[str, ...] = (),
    **wanted: Any,
) -> Wish:
    wanted.setdefault("prompt", "a fox in watercolor")
    return Wish(
        model=model,
        wanted=JobInput(**wanted),
        providers=(provider,) if isinstance(provider, str) else provider,
        delivery=delivery,
        metadata=metadata or {},
        webhook_url=webhook_url,
        webhook_events=webhook_events,
        tags=tags,
        failover=failover,
        force_failover=force_failover,
        on_unknown=on_unknown,
        start_within=start_within,
        finish_within=finish_within,
    )
