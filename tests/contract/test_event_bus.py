"""The event bus: what was taken reaches its subscribers, and only that is called taken."""

import json

from botocore.stub import ANY, Stubber

from shared.adapters.eventbridge import EventBridgeBus
from shared.domain.events import Event, announcement
from shared.domain.job import Job
from tests.contract.aws import Aws
from tests.contract.samples import a_full_job, a_job
from tests.contract.worlds import Broadcast


def announced(job: Job) -> Event:
    event = announcement(job, was=None)
    assert event
    return event


def test_a_subscriber_gets_type_and_document_of_an_event(broadcast: Broadcast) -> None:
    event = announced(a_full_job())

    taken = broadcast.bus.publish([event])

    assert set(taken) == {event.id}
    assert broadcast.received() == [(event.type, json.loads(event.detail))]


def test_more_events_than_one_call_takes_all_arrive(broadcast: Broadcast) -> None:
    events = [announced(a_job(number)) for number in range(23)]

    taken = broadcast.bus.publish(events)

    assert set(taken) == {event.id for event in events}
    received = [document["id"] for _, document in broadcast.received()]
    assert sorted(received) == sorted(event.id for event in events)


def test_an_event_published_again_has_the_same_id(broadcast: Broadcast) -> None:
    event = announced(a_job())

    broadcast.bus.publish([event])
    broadcast.bus.publish([event])

    assert [document["id"] for _, document in broadcast.received()] == [event.id, event.id]


def test_publishing_nothing_takes_nothing(broadcast: Broadcast) -> None:
    assert not broadcast.bus.publish([])
    assert broadcast.received() == []


def test_an_event_that_the_bus_refused_is_not_called_taken() -> None:
    """AWS answers 200 although it took only some."""
    first, second, third = (announced(a_job(number)) for number in range(3))
    client = Aws().events
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    with Stubber(client) as stubber:
        stubber.add_response(
            "put_events",
            {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, refused, {"EventId": "3"}]},
            {"Entries": ANY},
        )
        taken = EventBridgeBus(client, bus="bus").publish([first, second, third])

    assert set(taken) == {first.id, third.id}
