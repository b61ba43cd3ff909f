"""Planted bugs of webhooks: what is planned, claimed, sent, and told of it."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any, Final

from shared.adapters.memory.webhooks import MemoryDeliveries
from shared.domain import delivery as deliveries
from shared.domain.delivery import Delivery, Try
from shared.usecases.deliver_webhook import DeliverWebhook
from shared.usecases.endpoint_places import EndpointPlaces, Place
from shared.usecases.hand_out_deliveries import HandOutDeliveries
from shared.usecases.publish_events import PublishEvents
from tests.simulation.mutant import Mutant, Original


def _new_bytes_per_try(_: Original) -> Any:
    numbers = count()

    def broken(self: Delivery, at: Any, *, url: str) -> Delivery:
        claimed = self._changed(at, due_at=at + deliveries.SENDING_PATIENCE, url=url)
        return replace(claimed, body=f"{self.body} {next(numbers)}")

    return broken


def _forgets_before_planning(_: Original) -> Any:
    def broken(self: PublishEvents, events: Any) -> int:
        taken = self.bus.publish(events)
        self.outbox.published([event for event in events if event.id in taken])
        self.plan_deliveries(events)
        return len(events) - len(taken)

    return broken


def _plans_over_what_is_there(_: Original) -> Any:
    def broken(self: MemoryDeliveries, delivery: Delivery) -> bool:
        self.rows[delivery.id] = delivery
        return True

    return broken


def _a_claim_is_for_ever(_: Original) -> Any:
    return lambda self, at, *, url: self._changed(at, due_at=None, url=url)


def _watch_forgets_deliveries(_: Original) -> Any:
    return lambda self, rounds, *, now, before: False


def _any_answer_is_success(_: Original) -> Any:
    return lambda self: self.status is not None


def _gives_up_at_once(_: Original) -> Any:
    def broken(self: Delivery, one: Try, at: Any, *, chance: float, wait: Any) -> Delivery:
        del chance, wait
        return self.given_up(one, at)

    return broken


def _nobody_waits_for_a_place(_: Original) -> Any:
    return lambda self, endpoint: Place(name=endpoint, holder="anybody")


def _places_are_never_given_back(_: Original) -> Any:
    def broken(self: EndpointPlaces, endpoint: str) -> Place | None:
        far = self.clock.now() + timedelta(days=365)
        holder = self.random_bytes(8).hex()
        for number in range(5):
            name = f"webhook:{endpoint}:{number}"
            if self.leases.acquire(name, owner=holder, now=self.clock.now(), until=far):
                return Place(name=name, holder="nobody")
        return None

    return broken


def _the_last_to_come_decides(_: Original) -> Any:
    def broken(self: DeliverWebhook, claimed: Delivery, one: Try, wait: Any) -> Delivery:
        current = self.deliveries.get(claimed.id)
        changed = self._after(current, one, chance=0, wait=wait)
        self.deliveries.save(changed, was=current)
        return changed

    return broken


BROKEN_DELIVERIES: Final = (
    Mutant("new bytes in every try", Delivery, "claimed", _new_bytes_per_try),
    Mutant("forget before planning", PublishEvents, "__call__", _forgets_before_planning),
    Mutant("plan over what is there", MemoryDeliveries, "add", _plans_over_what_is_there),
    Mutant("a claim without an end", Delivery, "claimed", _a_claim_is_for_ever),
    Mutant("watch forgets deliveries", HandOutDeliveries, "__call__", _watch_forgets_deliveries),
    Mutant("any answer is success", Try, "arrived", _any_answer_is_success),
    Mutant("give up after one try", Delivery, "failed", _gives_up_at_once),
    Mutant("no bound for one endpoint", EndpointPlaces, "take", _nobody_waits_for_a_place),
    Mutant("places never come back", EndpointPlaces, "take", _places_are_never_given_back),
    Mutant(
        "failure over success", DeliverWebhook, "_noted", _the_last_to_come_decides, first_seed=765
    ),
)
