"""From the table's stream to the bus: what it does not take comes again."""

from collections.abc import Collection, Sequence
from typing import Any

from functions.publish.handler import publish
from shared.adapters.dynamodb.items import event_item
from shared.domain.events import Event
from shared.domain.ids import EventId
from tests.memory_service import MemoryService


def records(service: MemoryService) -> list[dict[str, Any]]:
    """Return what the table's stream brings of the events that are announced."""
    events = service.store.announced.values()
    return [
        {"dynamodb": {"NewImage": event_item(event), "SequenceNumber": str(number)}}
        for number, event in enumerate(events, start=100)
    ]


def test_what_is_published_is_forgotten(service: MemoryService) -> None:
    service.submit()
    events = list(service.store.announced.values())

    assert publish(service, records(service)) == {"batchItemFailures": []}

    assert service.bus.received == events
    assert service.store.announced == {}


def test_what_the_bus_does_not_take_comes_again_from_the_first_on(
    service: MemoryService,
) -> None:
    service.submit()
    (accepted, submitted) = service.store.announced.values()
    take = service.bus.publish

    def full(events: Sequence[Event]) -> Collection[EventId]:
        return take(events[:1])

    service.bus.publish = full
    failed = publish(service, records(service))

    assert failed == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    assert service.bus.received == [accepted]
    assert list(service.store.announced.values()) == [submitted]
