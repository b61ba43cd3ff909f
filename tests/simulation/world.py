"""The whole service in a world of virtual time, where anything may go wrong.

One thread, the real use cases, memory adapters, a provider with a ledger of its own. Queues deliver
at least once and in any order; functions die; the stream forgets; clients repeat themselves.
"""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

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
from shared.adapters.memory.messages import MemoryBus
from shared.adapters.memory.metrics import MemoryMetrics
from shared.adapters.memory.table import MemoryApiKeys, MemoryLeases, MemoryOutbox
from shared.adapters.memory.waiting_posts import MemoryWaitingPosts
from shared.adapters.parallel import InTurn
from shared.catalog.load import load_catalog
from shared.domain.api_key import Terms, issue
from shared.domain.callback_token import CallbackKeys, CallbackTarget
from shared.domain.events import Event
from shared.domain.ids import JobId, TaskId
from shared.domain.limits import UNLIMITED, Limits, Window
from shared.ports.messages import TaskHint
from shared.ports.providers import EventStreams, ProviderAccess
from shared.ports.webhooks import Courier, Reply
from shared.wiring.service import Service
from tests.memory_service import NOW
from tests.simulation.agenda import Agenda
from tests.simulation.effects import Crash, Effects, Plan, Tapped, Violation
from tests.simulation.image_callers import ImageCallers
from tests.simulation.lost_results import LostResults
from tests.simulation.oracles import Chronicle, RecordingJobStore
from tests.simulation.provider import Habits, SimulatedProvider
from tests.simulation.receivers import (
    DeliverQueue,
    Receivers,
    WitnessedDeliveries,
    WitnessedWebhooks,
)
from tests.simulation.surroundings import PreviewQueue, Queue, Weather, Web, draw

_STREAM_TRIES: Final = 3
_MINUTE: Final = timedelta(minutes=1)
_WATCH_LIFE: Final = timedelta(minutes=14)
# The provider charges 3.5 cents: more than we think at one, less at another.
_PRICES: Final = {
    "oxen/seedream-4.5": Decimal("0.03"),
    "aimlapi/seedream-4.5": Decimal("0.042"),
}
_LIMITS: Final = (
    *4 * (UNLIMITED,),
    Limits(budget=400_000),
    Limits(budget=150_000, window=Window.TOTAL),
    Limits(budget=70_000, window=Window.TOTAL, rate=1),
    Limits(budget=10_000_000, max_in_flight=2),
)


class World(Service):
    def __init__(
        self, *, seed: int, plan: Plan, habits: Habits, weather: Weather, receivers: bool = True
    ) -> None:
        super().__init__(environ={})
        self.chance = random.Random(seed)  # noqa: S311  # a seed must replay
        self.weather = weather
        self.agenda = Agenda(NOW)
        self.effects = Effects(plan, let_others_work=self._let_others_work)
        self.chronicle = Chronicle()
        self.image_callers: ImageCallers | None = None
        self.clock = self.agenda
        self.random_bytes = self.chance.randbytes
        self.signing_keys = lambda: CallbackKeys(current="k1", keys={"k1": b"secret"})
        self.callback_keys = self.signing_keys
        self.lost_results = LostResults(self.agenda, seed=seed, loses=receivers)
        self._build_state()
        self._build_messages()
        self._build_providers(habits)
        self._build_keys(seed)
        self._build_webhooks(seed, receivers=receivers)

    def _let_others_work(self) -> None:
        self.agenda.be_overtaken(self.chance.choice((0, 0.1, 2, 30)))

    def _build_state(self) -> None:
        self.metrics = MemoryMetrics()
        self.store = RecordingJobStore(self.chronicle, on_change=self._changed)
        self.bucket = MemoryMediaStore()
        self.chronicle.bucket = self.bucket.objects
        self.jobs = self._tapped(self.store, "jobs")
        self.outbox = self._tapped(MemoryOutbox(self.store), "outbox")
        self.waiting_posts = self._tapped(MemoryWaitingPosts(self.store), "waiting_posts")
        self.api_keys = MemoryApiKeys()
        self.accounts = MemoryAccounts(self.store.ledger)
        self.usage_book = MemoryUsageBook(self.store.ledger)
        self.lease_book = MemoryLeases()
        self.leases = self._tapped(self.lease_book, "leases")
        self.media = self._tapped(self.bucket, "media")
        uploads = MemoryUploads()
        self.uploads = self._tapped(uploads, "uploads")
        self.drop_folder = MemoryDropFolder(uploads, self.clock)
        self.callback_archive = self._tapped(MemoryCallbackArchive(self.clock), "archive")

    def _build_messages(self) -> None:
        self.bus = MemoryBus()
        self.event_bus = self._tapped(self.bus, "bus")
        self.collect_queue = self._tapped(Queue(self, "collect", self._collect), "collect_queue")
        self.dispatch_queue = self._tapped(
            Queue(self, "dispatch", self._dispatch), "dispatch_queue"
        )
        self.preview_queue = PreviewQueue(self)
        self.wake_watch = self._wake

    def _build_providers(self, habits: Habits) -> None:
        self.web: dict[str, bytes] = {}
        self.simulated = {
            name: SimulatedProvider(
                name=name,
                agenda=self.agenda,
                effects=self.effects,
                habits=habits,
                chance=self.chance,
                web=self.web,
                draw=draw,
                call_back=self._hear,
                ids_per_image=name == "oxen",
                waits_for_the_image=name == "aimlapi",
            )
            for name in ("apixo", "oxen", "aimlapi")
        }
        self.providers = self.simulated
        self.streams: EventStreams = {}
        self.parallel = self.transfers = InTurn()
        self.breakers = self._tapped(MemoryBreakers(self.store.announced), "breakers")
        self.places = self._tapped(MemoryPlaces(), "places")
        self.batches = MemoryBatches(self.store)
        self.batch_queue = MemoryBatchQueue()
        self.limits = self.chance.choice(({}, {}, {"oxen": 1, "apixo": 2}))
        reachable = ProviderAccess(sandbox=True, callback_base="https://us", fetches_links=True)
        self.accesses = dict.fromkeys(self.simulated, reachable)
        self.image_source = Web(self, habits)
        self.reference_source = MemoryImageSource({})

    def _build_keys(self, seed: int) -> None:
        """One key for all clients: small budgets are soon gone, and everybody wants a share.

        A second one of the same tenant takes over what has failed.
        """
        self.whims = random.Random(seed + 7)  # noqa: S311  # a seed must replay
        self.catalog = load_catalog().priced(_PRICES)
        terms = Terms(limits=self.chance.choice(_LIMITS))
        self.key = self.issue_key(tenant="default", name="sim", terms=terms).key
        other = issue(
            tenant="default",
            name="other",
            at=self.clock.now(),
            randomness=self.whims.randbytes(72),
            terms=Terms(limits=self.whims.choice(_LIMITS)),
        )
        self.other_key = other.key
        self.api_keys.add(self.other_key)
        self.events_key_id = self.key.id
        both = (self.key, self.other_key)
        self.chronicle.limits = {key.id: key.terms.limits for key in both}

    def _build_webhooks(self, seed: int, *, receivers: bool) -> None:
        """Without receivers nothing of this has an effect that could go wrong."""
        self.receivers = Receivers(self, random.Random(seed + 3))  # noqa: S311  # a seed must replay
        self.delivery_log = WitnessedDeliveries(
            self._look_each_minute, self.receivers.may_ask_again
        )
        self.webhooks = WitnessedWebhooks(self.store.announced, self._look_each_minute)
        self.deliveries = self.delivery_log
        self.due_index = MemoryDueIndex(self.store, self.delivery_log, self.batches)
        self.deliver_queue = DeliverQueue(self)
        self.courier = self.receivers
        self.may_reach = lambda url: url.startswith("https://")
        if receivers:
            self.receivers.open()
        if self.receivers.habits:
            self.webhooks = self._tapped(self.webhooks, "webhooks")
            self.deliveries = self._tapped(self.delivery_log, "deliveries")
            self.deliver_queue = self._tapped(self.deliver_queue, "deliver_queue")
            self.courier = self._tapped_courier()
            del self.manage_webhooks  # built with the untapped ones

    def _tapped_courier(self) -> Courier:
        def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
            reply: Reply = self.effects.happen(
                "courier", lambda: self.receivers(url, headers=headers, body=body)
            )
            return reply

        return post

    def _tapped(self, inner: object, name: str) -> Any:
        return Tapped(inner, name, self.effects)

    def work(self, handler: Callable[[], object]) -> bool:
        """Run a function as Lambda does; tell whether it came to its end."""
        try:
            handler()
        except Violation:
            raise
        except (Crash, Exception):  # noqa: BLE001  # whatever it is, the platform goes on
            return False
        return True

    def _dispatch(self, job_id: JobId, _: TaskHint | None) -> None:
        self.dispatch_attempt(job_id)

    def _collect(self, job_id: JobId, hint: TaskHint | None) -> None:
        self.collect_result(job_id, hint=hint)

    def _hear(self, url: str, task_id: TaskId) -> None:
        """The callback function, called by the provider: up to four tries."""
        provider, job_id, attempt, token = url.split("/")[-4:]
        target = CallbackTarget(provider=provider, job_id=JobId(job_id), attempt=int(attempt))
        body = f'{{"data": {{"taskId": "{task_id}"}}}}'.encode()
        for _ in range(4):
            if self.work(lambda: self.accept_callback(target, token=token, body=body)):
                break

    def _wake(self) -> None:
        if self.chance.random() >= self.weather.loses_wake:
            self.agenda.after(0.1, self.watch)

    def watch(self) -> None:
        owner, until = f"watch-{self.effects.count}", self.clock.now() + _WATCH_LIFE
        self.work(lambda: self.watch_jobs(owner=owner, until=until))
        self._look_each_minute()

    def _changed(self, event: Event | None) -> None:
        """A row was written: the stream brings the event, and the schedule sees what is due."""
        if event and self.chance.random() >= self.weather.loses_stream:
            self.agenda.after(0.5, lambda: self._publish(event, _STREAM_TRIES))
        self._look_each_minute()

    def _publish(self, event: Event, tries: int) -> None:
        if not self.work(lambda: self.publish_events([event])) and tries > 1:
            self.agenda.after(1, lambda: self._publish(event, tries - 1))

    def _look_each_minute(self) -> None:
        """The schedule. A look with nothing due does nothing, so those are not played."""
        due_at = self.store.next_due_at()
        events = next(iter(self.store.announced.values()), None)  # the oldest
        delivery_at = self.delivery_log.next_due_at()
        times = [at for at in (due_at, events and events.created_at, delivery_at) if at]
        if times:
            wanted = max(min(times), self.clock.now())
            self.chronicle.next_watch = self._at_minute(wanted)

    def _at_minute(self, wanted: Any) -> Any:
        planned = self.chronicle.next_watch
        tick = wanted + _MINUTE
        if planned is None or planned <= self.clock.now() or tick < planned:
            self.agenda.at(tick, self.watch)
            return tick
        return planned
