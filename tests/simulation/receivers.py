"""Receivers of webhooks with habits of their own, and a log of deliveries with a witness."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.adapters.memory.webhooks import MemoryDeliveries, MemoryWebhooks
from shared.domain.delivery import SCHEDULE, Delivery, DeliveryStatus
from shared.domain.delivery_plan import delivery_id
from shared.domain.events import Event
from shared.domain.ids import DeliveryId, EventId
from shared.domain.webhook import Webhook
from shared.ports.webhooks import Reply
from shared.usecases.endpoint_places import AT_ONCE
from shared.usecases.webhooks import Registration
from tests.simulation.deleting import may_be_removed
from tests.simulation.effects import Crash, Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

_MAY_HAVE_RECEIVERS: Final = 0.3
_SLOW_SECONDS: Final = 15
_VISIBILITY: Final = 180.0
# The platform ends a deliver function that is older: no lease of a minute outlives its holder.
DELIVER_TIMEOUT: Final = timedelta(seconds=30)
_RECEIVES: Final = 5
_IS_ASKED_FOR_AGAIN: Final = 0.1
# Seconds: some in the middle of the first try, some when it has long arrived or been given up.
_ASKED_AFTER: Final = (1, 5, 12, 600, 90_000)


class Habit(StrEnum):
    WELL = "well"
    FLAPPING = "flapping"  # fails now and then, while there is a storm
    DOWN = "down"  # until the storm is over
    SLOW = "slow"  # answers only just in time, and while there is a storm not always in time
    DEAD = "dead"  # for ever
    GONE = "gone"  # says 410
    MUTE = "mute"  # takes the call and never answers


_GETS_ALL: Final = frozenset({Habit.WELL, Habit.FLAPPING, Habit.DOWN, Habit.SLOW})
_TYPES: Final = (("job.accepted",), ("job.accepted", "job.succeeded"), ("job.failed",), ())


class WitnessedDeliveries(MemoryDeliveries):
    """The memory log; what has arrived stays so, and the bytes stay the same."""

    def __init__(self, on_change: Callable[[], None], on_new: Callable[[DeliveryId], None]) -> None:
        super().__init__()
        self._on_change = on_change
        self._on_new = on_new

    def add(self, delivery: Delivery) -> bool:
        before = self.rows.get(delivery.id)
        is_new = super().add(delivery)
        self._check(before, self.rows.get(delivery.id, delivery))
        if is_new:
            self._on_new(delivery.id)
        self._on_change()
        return is_new

    def save(self, delivery: Delivery, *, was: Delivery) -> None:
        before = self.rows.get(was.id)
        super().save(delivery, was=was)
        self._check(before, delivery)
        self._on_change()

    def next_due_at(self) -> datetime | None:
        return min((one.due_at for one in self.rows.values() if one.due_at), default=None)

    def _check(self, before: Delivery | None, after: Delivery) -> None:
        if before is None:
            return
        if (before.message_id, before.body) != (after.message_id, after.body):
            raise Violation(f"{after.id}: other bytes than before")
        had_arrived = before.status is DeliveryStatus.DELIVERED
        asked_again = after == before.resent(after.updated_at)
        if had_arrived and after.status is not before.status and not asked_again:
            raise Violation(f"{after.id} had arrived and is {after.status}")


class WitnessedWebhooks(MemoryWebhooks):
    def __init__(self, announced: dict[EventId, Event], on_change: Callable[[], None]) -> None:
        super().__init__(announced)
        self._on_change = on_change

    def save(self, webhook: Webhook, *, was: Webhook) -> None:
        super().save(webhook, was=was)
        self._on_change()


@dataclass(slots=True)
class Receivers:
    """Everybody who is posted to: what they heard, and what they took."""

    world: "World"
    chance: random.Random
    habits: dict[str, Habit] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    heard: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    took: Counter[tuple[str, str]] = field(default_factory=Counter)
    under_way: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    sender_since: datetime | None = None  # when the deliver function at work was called

    def open(self) -> None:
        """Let some receivers be there from the start, in some of the stories."""
        if self.chance.random() >= _MAY_HAVE_RECEIVERS:
            return
        for number in range(self.chance.randint(1, 3)):
            url = f"https://receiver-{number}.example/"
            self.register(url, self.chance.choice(tuple(Habit)), self.chance.choice(_TYPES))

    def register(self, url: str, habit: Habit, events: tuple[str, ...] = ()) -> None:
        self.habits[url] = habit
        made = self.world.manage_webhooks.create("default", Registration(url=url, events=events))
        self.places[url] = f"webhook:{made.id}:"

    def may_ask_again(self, delivery_id: DeliveryId) -> None:
        """Let the receiver's owner have one sent anew, whatever has become of it by then."""

        def ask() -> None:
            self.world.work(lambda: self.world.redeliver.resend("default", delivery_id))

        if self.chance.random() < _IS_ASKED_FOR_AGAIN:
            self.world.agenda.after(self.chance.choice(_ASKED_AFTER), ask)

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        since = self.sender_since
        if since is None:
            raise Violation(f"a job waits for {url}")
        self._live(since)
        if not any(name.startswith(self.places[url]) for name in self.world.lease_book.names):
            raise Violation(f"{url} is posted to by who has no place there")
        key = url, headers["webhook-id"]
        self.heard[key].add(body)
        if len(self.heard[key]) > 1:
            raise Violation(f"{key} came with other bytes")
        status = self._answer(url, since)
        self.took[key] += status == 200
        self._live(since)
        return Reply(milliseconds=1, status=status)

    def _live(self, since: datetime) -> None:
        if self.world.clock.now() - since > DELIVER_TIMEOUT:
            raise Crash

    def _answer(self, url: str, since: datetime) -> int | None:
        self.under_way[url].append(since)
        try:
            oldest = self.world.clock.now() - DELIVER_TIMEOUT
            at_once = sum(one >= oldest for one in self.under_way[url])
            if at_once > AT_ONCE:
                raise Violation(f"{url} gets {at_once} deliveries at once")
            return self._status(self.habits[url])
        finally:
            self.under_way[url].remove(since)

    def _status(self, habit: Habit) -> int | None:
        calm = self.world.effects.calm
        if habit is Habit.SLOW:
            self.world.agenda.be_overtaken(_SLOW_SECONDS)
            return 200 if calm else self.chance.choice((200, 200, None))
        if habit is Habit.MUTE:
            self.world.agenda.be_overtaken(_SLOW_SECONDS)
            return None
        if habit is Habit.GONE:
            return 410
        if habit is Habit.DEAD or (habit is Habit.DOWN and not calm):
            return self.chance.choice((None, 500, 302))
        if habit is Habit.FLAPPING and not calm:
            return self.chance.choice((200, 200, 503, None))
        return 200


@dataclass(slots=True)
class DeliverQueue:
    """SQS before the deliver function: at least once, in any order."""

    world: "World"

    def send(self, delivery_id: DeliveryId) -> None:
        chance = self.world.receivers.chance
        for _ in range(2 if chance.random() < self.world.weather.repeats_message else 1):
            delay = chance.choice((0.01, 0.01, 0.5, 20))
            self.world.agenda.after(delay, lambda: self._deliver(delivery_id, 1))

    def _deliver(self, delivery_id: DeliveryId, receive: int) -> None:
        receivers = self.world.receivers
        before, receivers.sender_since = receivers.sender_since, self.world.clock.now()
        try:
            done = self.world.work(lambda: self.world.deliver_webhook(delivery_id))
        finally:
            receivers.sender_since = before
        if not done and receive < _RECEIVES:
            self.world.agenda.after(_VISIBILITY, lambda: self._deliver(delivery_id, receive + 1))


def check_deliveries(world: "World") -> None:
    """Raise Violation unless each receiver got, or surely would not take, what it wanted."""
    for webhook in world.webhooks.of_tenant("default"):
        habit = world.receivers.habits[webhook.url]
        for event in world.chronicle.announced.values():
            if webhook.wants(event.type) and not may_be_removed(world, event):
                _check_delivery(world, webhook, habit, event)


def _check_delivery(world: "World", webhook: Webhook, habit: Habit, event: Event) -> None:
    delivery = world.delivery_log.rows.get(delivery_id(event, webhook.id))
    if delivery is None:
        raise Violation(f"{event.id} was never to go to the receiver that is {habit}")
    if delivery.due_at or delivery.status is DeliveryStatus.PENDING:
        raise Violation(f"{delivery.id} is {delivery.status} for ever, due {delivery.due_at}")
    if json.loads(delivery.body)["id"] != event.id or delivery.body != event.detail:
        raise Violation(f"{delivery.id} is not the event {event.id}")
    arrived = delivery.status is DeliveryStatus.DELIVERED
    if arrived and not world.receivers.took[(webhook.url, event.id)]:
        raise Violation(f"{delivery.id} is said to have arrived, and has not")
    if not arrived and habit in _GETS_ALL:
        raise Violation(f"{delivery.id} was given up, though the receiver was only {habit}")
    if not arrived and webhook.enabled and delivery.tried < len(SCHEDULE):
        raise Violation(f"{delivery.id} was given up after {delivery.tried} tries")
