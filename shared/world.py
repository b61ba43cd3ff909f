"""The world a deployment lives in: every port's real adapter, built when first used.

Adapters are imported where they are built: a cold start pays only for what its function touches.
"""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from shared.config import (
    AddressSettings,
    AdminSettings,
    AnswerSettings,
    CallbackKeySettings,
    CollectQueueSettings,
    DeliverQueueSettings,
    DispatchQueueSettings,
    DrainSettings,
    EventSettings,
    IntakeQueueSettings,
    IntakeSettings,
    LimitSettings,
    MediaSettings,
    OutgoingSettings,
    PreviewQueueSettings,
    PriceSettings,
    ProviderSettings,
    StageSettings,
    TableSettings,
    UploadsSettings,
    WatchSettings,
)
from shared.domain.ids import KeyId
from shared.domain.image import MOST_PIXELS
from shared.domain.offers import Catalog
from shared.domain.prices import prices_of
from shared.ports.callbacks import CallbackArchive, CallbackKeySource
from shared.ports.gates import Breakers, Leases, Places
from shared.ports.intake import Batches, BatchQueue, DropFolder, IntakeQueue
from shared.ports.jobs import JobStore
from shared.ports.keys import Accounts, ApiKeys, UsageBook
from shared.ports.media import ImageSource, MediaStore, Previewer, PreviewQueue
from shared.ports.messages import EventBus, Outbox, Queue, Wake
from shared.ports.providers import Accesses, EventStreams, Provider, ProviderAccess, Providers
from shared.ports.runtime import Clock, Metrics, Parallel, RandomBytes, TraceId
from shared.ports.uploads import Uploads
from shared.ports.webhooks import Courier, Deliveries, DeliverQueue, MayReach, Webhooks

_CALLS_AT_ONCE: Final = 10
# Each takes some parts of an image; more would cost memory and gain little.
IMAGES_AT_ONCE: Final = 2
_REFERENCE_SECONDS: Final = 10.0  # as long as a provider would wait
_REFERENCE_BYTES: Final = 30 * 1024 * 1024
_LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost"})


class World:
    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    # --- state

    @cached_property
    def jobs(self) -> JobStore:
        from shared.adapters.dynamodb.jobs import DynamoJobStore
        from shared.adapters.dynamodb.transactions import BackOff
        from shared.adapters.measured_jobs import MeasuredJobs

        back_off = BackOff(clock=self.clock, random_bytes=self.random_bytes)
        jobs = DynamoJobStore(self._aws("dynamodb"), table=self._table, back_off=back_off)
        return MeasuredJobs(jobs, self.metrics)

    @cached_property
    def accounts(self) -> Accounts:
        from shared.adapters.dynamodb.books import DynamoAccounts

        return DynamoAccounts(self._aws("dynamodb"), table=self._table)

    @cached_property
    def usage_book(self) -> UsageBook:
        from shared.adapters.dynamodb.books import DynamoUsageBook

        return DynamoUsageBook(self._aws("dynamodb"), table=self._table)

    @cached_property
    def outbox(self) -> Outbox:
        from shared.adapters.dynamodb.outbox import DynamoOutbox

        return DynamoOutbox(self._aws("dynamodb"), table=self._table)

    @cached_property
    def api_keys(self) -> ApiKeys:
        from shared.adapters.dynamodb.keys import DynamoApiKeys

        return DynamoApiKeys(self._aws("dynamodb"), table=self._table)

    @cached_property
    def leases(self) -> Leases:
        from shared.adapters.dynamodb.leases import DynamoLeases

        return DynamoLeases(self._aws("dynamodb"), table=self._table)

    @cached_property
    def media(self) -> MediaStore:
        from shared.adapters.s3.media import S3MediaStore

        bucket = MediaSettings.from_env(self._environ).media_bucket
        return S3MediaStore(self._aws("s3"), bucket=bucket)

    @cached_property
    def previewer(self) -> Previewer:
        # The preview function's package alone holds Pillow.
        from shared.adapters.pillow_previews import PillowPreviewer

        return PillowPreviewer(most_pixels=MOST_PIXELS)

    @cached_property
    def uploads(self) -> Uploads:
        from shared.adapters.s3.uploads import S3Uploads

        bucket = UploadsSettings.from_env(self._environ).uploads_bucket
        return S3Uploads(self._aws("s3"), bucket=bucket)

    @cached_property
    def drop_folder(self) -> DropFolder:
        from shared.adapters.s3.drops import S3DropFolder

        bucket = UploadsSettings.from_env(self._environ).uploads_bucket
        return S3DropFolder(self._aws("s3"), bucket=bucket)

    @cached_property
    def callback_archive(self) -> CallbackArchive:
        from shared.adapters.s3.callbacks import S3CallbackArchive

        bucket = MediaSettings.from_env(self._environ).media_bucket
        return S3CallbackArchive(self._aws("s3"), bucket=bucket)

    @cached_property
    def breakers(self) -> Breakers:
        from shared.adapters.dynamodb.breakers import DynamoBreakers

        return DynamoBreakers(self._aws("dynamodb"), table=self._table)

    @cached_property
    def batches(self) -> Batches:
        from shared.adapters.dynamodb.batches import DynamoBatches

        return DynamoBatches(self._aws("dynamodb"), table=self._table)

    @cached_property
    def places(self) -> Places:
        from shared.adapters.dynamodb.places import DynamoPlaces

        return DynamoPlaces(self._aws("dynamodb"), table=self._table)

    @cached_property
    def webhooks(self) -> Webhooks:
        from shared.adapters.dynamodb.webhooks import DynamoWebhooks

        return DynamoWebhooks(self._aws("dynamodb"), table=self._table)

    @cached_property
    def deliveries(self) -> Deliveries:
        from shared.adapters.dynamodb.deliveries import DynamoDeliveries

        return DynamoDeliveries(self._aws("dynamodb"), table=self._table)

    # --- messages

    @cached_property
    def collect_queue(self) -> Queue:
        from shared.adapters.sqs import SqsQueue

        url = CollectQueueSettings.from_env(self._environ).collect_queue_url
        return SqsQueue(self._aws("sqs"), url=url)

    @cached_property
    def dispatch_queue(self) -> Queue:
        from shared.adapters.sqs import SqsQueue

        url = DispatchQueueSettings.from_env(self._environ).dispatch_queue_url
        return SqsQueue(self._aws("sqs"), url=url)

    @cached_property
    def deliver_queue(self) -> DeliverQueue:
        from shared.adapters.sqs import SqsDeliverQueue

        url = DeliverQueueSettings.from_env(self._environ).deliver_queue_url
        return SqsDeliverQueue(self._aws("sqs"), url=url)

    @cached_property
    def preview_queue(self) -> PreviewQueue:
        from shared.adapters.sqs import SqsPreviewQueue

        url = PreviewQueueSettings.from_env(self._environ).preview_queue_url
        return SqsPreviewQueue(self._aws("sqs"), url=url)

    @cached_property
    def intake_queue(self) -> IntakeQueue:
        from shared.adapters.sqs import SqsIntakeQueue

        url = IntakeQueueSettings.from_env(self._environ).intake_queue_url
        return SqsIntakeQueue(self._aws("sqs"), url=url)

    @cached_property
    def batch_queue(self) -> BatchQueue:
        from shared.adapters.sqs import SqsBatchQueue

        url = IntakeQueueSettings.from_env(self._environ).intake_queue_url
        return SqsBatchQueue(self._aws("sqs"), url=url)

    @cached_property
    def edits_key_id(self) -> KeyId | None:
        """Which API key edits and batches by folder run under."""
        return KeyId(IntakeSettings.from_env(self._environ).edits_key_id) or None

    @cached_property
    def events_key_id(self) -> KeyId | None:
        """Which API key jobs by event run under."""
        return KeyId(IntakeSettings.from_env(self._environ).events_key_id) or None

    @cached_property
    def wake_watch(self) -> Wake:
        from shared.adapters.sqs import LambdaWake

        function = WatchSettings.from_env(self._environ).watch_function
        return LambdaWake(self._aws("lambda"), function=function)

    @cached_property
    def event_bus(self) -> EventBus:
        from shared.adapters.eventbridge import EventBridgeBus

        return EventBridgeBus(
            self._aws("events"), bus=EventSettings.from_env(self._environ).event_bus
        )

    # --- providers

    @cached_property
    def catalog(self) -> Catalog:
        from shared.catalog.load import load_catalog

        return load_catalog().priced(prices_of(PriceSettings.from_env(self._environ).prices))

    @cached_property
    def providers(self) -> Providers:
        from shared.adapters.providers.aimlapi import Aimlapi
        from shared.adapters.providers.apixo import Apixo
        from shared.adapters.providers.oxen import Oxen

        makers: dict[str, Callable[..., Provider]] = {
            "apixo": Apixo,
            "oxen": Oxen,
            "aimlapi": Aimlapi,
        }
        return {
            name: makers[name](self._http, base_url=base_url, key=self._provider_keys[name])
            for name, base_url in self._provider_settings.base_urls.items()
        }

    @cached_property
    def streams(self) -> EventStreams:
        from shared.adapters.providers.oxen_events import OxenEvents

        base_url = self._provider_settings.base_urls.get("oxen")
        if base_url is None:
            return {}
        return {"oxen": OxenEvents(self._http, base_url=base_url, key=self._provider_keys["oxen"])}

    @cached_property
    def parallel(self) -> Parallel:
        from shared.adapters.parallel import Threads

        return Threads(at_once=_CALLS_AT_ONCE)

    @cached_property
    def transfers(self) -> Parallel:
        from shared.adapters.parallel import Threads

        return Threads(at_once=IMAGES_AT_ONCE)

    @cached_property
    def limits(self) -> Mapping[str, int]:
        return LimitSettings.from_env(self._environ).limits

    @cached_property
    def accesses(self) -> Accesses:
        settings = self._provider_settings
        return {
            name: self._access(base_url, sandbox=name in settings.sandboxed)
            for name, base_url in settings.base_urls.items()
        }

    @cached_property
    def open_accesses(self) -> Accesses:
        """Give the providers that take new jobs."""
        drained = DrainSettings.from_env(self._environ).drained
        return {name: one for name, one in self.accesses.items() if name not in drained}

    @cached_property
    def image_source(self) -> ImageSource:
        from shared.adapters.provider_images import HttpImageSource
        from shared.adapters.result_hosts import ResultHosts

        # Of the providers only Oxen may keep results behind its key (providers.md 1.12).
        hosts = {
            urlsplit(base_url).netloc: self._provider_keys[name]
            for name, base_url in self._provider_settings.base_urls.items()
            if name == "oxen"
        }
        return HttpImageSource(self._http, keys=hosts, on_host=ResultHosts(self.metrics))

    @cached_property
    def reference_source(self) -> ImageSource:
        """Callers' own references: fetched without any key, whatever host they name."""
        from shared.adapters.provider_images import HttpImageSource

        return HttpImageSource(
            self._http, deadline_seconds=_REFERENCE_SECONDS, most_bytes=_REFERENCE_BYTES
        )

    # --- receivers

    @cached_property
    def courier(self) -> Courier:
        from shared.adapters.courier import HttpCourier

        return HttpCourier(self._http)

    @cached_property
    def may_reach(self) -> MayReach:
        allows: MayReach = self._http.allows
        return allows

    # --- time, chance, secrets, addresses

    @cached_property
    def clock(self) -> Clock:
        from shared.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def metrics(self) -> Metrics:
        from shared.adapters.emf import EmfMetrics

        return EmfMetrics(stage=StageSettings.from_env(self._environ).stage, clock=self.clock)

    @cached_property
    def trace_id(self) -> TraceId:
        from shared.adapters.trace import trace_id

        return trace_id

    @cached_property
    def random_bytes(self) -> RandomBytes:
        return os.urandom

    @cached_property
    def callback_keys(self) -> CallbackKeySource:
        from shared.adapters.secrets import SecretCallbackKeys

        secret = CallbackKeySettings.from_env(self._environ).callback_keys_secret
        return SecretCallbackKeys(self._secrets, secret=secret)

    @cached_property
    def is_admin_key(self) -> Callable[[str], bool]:
        from shared.adapters.secrets import AdminKeyCheck

        secret = AdminSettings.from_env(self._environ).admin_key_secret
        return AdminKeyCheck(self._secrets, secret=secret)

    @cached_property
    def answer_seconds(self) -> float:
        """How long an answer that waits for its job may take."""
        return AnswerSettings.from_env(self._environ).seconds

    @cached_property
    def base_url(self) -> str:
        """Where callers find the API, when that is not simply where they called it."""
        return self._addresses.public_url or self._addresses.loopback_url

    @cached_property
    def _provider_keys(self) -> dict[str, Callable[[], str]]:
        from shared.adapters.secrets import Parameter

        parameters = self._provider_settings.key_parameters
        return {name: Parameter(self._ssm, name=known) for name, known in parameters.items()}

    def _access(self, provider_base_url: str, *, sandbox: bool) -> ProviderAccess:
        """On one machine with us a provider reaches us directly, else by a public address."""
        local = self._addresses.loopback_url
        if not local:
            base: str | None = self._public_url
        elif urlsplit(provider_base_url).hostname in _LOOPBACK_HOSTS:
            base = local
        else:
            base = self._addresses.public_url or None
        reaches_storage = not local or base == local
        return ProviderAccess(sandbox=sandbox, callback_base=base, fetches_links=reaches_storage)

    @cached_property
    def _public_url(self) -> str:
        from shared.adapters.secrets import Parameter

        parameter = Parameter(self._ssm, name=self._addresses.public_url_parameter)
        return self._addresses.public_url or parameter()

    @cached_property
    def _addresses(self) -> AddressSettings:
        return AddressSettings.from_env(self._environ)

    @cached_property
    def _provider_settings(self) -> ProviderSettings:
        return ProviderSettings.from_env(self._environ)

    @cached_property
    def _table(self) -> str:
        return TableSettings.from_env(self._environ).table_name

    @cached_property
    def _http(self) -> Any:
        from shared.adapters.http import HttpClient

        allowed = OutgoingSettings.from_env(self._environ).allowed_loopback
        return HttpClient(loopback_origins=allowed)

    def _secrets(self) -> Any:
        return self._aws("secretsmanager")

    def _ssm(self) -> Any:
        return self._aws("ssm")

    def _aws(self, name: str) -> Any:
        from shared.adapters.aws import client

        return client(name)
