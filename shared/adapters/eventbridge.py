"""The event bus."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from shared.domain.events import SOURCE, Event
from shared.domain.ids import EventId

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_AT_ONCE: Final = 10


class EventBridgeBus:
    def __init__(self, client: "EventBridgeClient", *, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, events: Sequence[Event]) -> Collection[EventId]:
        taken: set[EventId] = set()
        for start in range(0, len(events), _AT_ONCE):
            batch = events[start : start + _AT_ONCE]
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": SOURCE,
                        "DetailType": event.type,
                        "Detail": event.detail,
                        "Time": event.created_at,
                    }
                    for event in batch
                ]
            )
            taken |= {
                event.id
                for event, entry in zip(batch, answer["Entries"], strict=True)
                if "ErrorCode" not in entry
            }
        return taken
