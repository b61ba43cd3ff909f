"""A delivery: signed now, tried again, given up in the end."""

import json
from datetime import timedelta

import pytest

from shared.domain.delivery import SCHEDULE, DeliveryStatus
from shared.domain.ids import DeliveryId
from shared.domain.status import JobStatus
from shared.domain.webhook_signature import verify
from shared.usecases.deliver_webhook import Outcome
from shared.usecases.webhooks import Change
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.receiving import (
    DAY,
    HOUR,
    MINUTE,
    URL,
    always,
    an_endpoint,
    current,
    deliver,
    deliveries,
    down_until,
    move_to,
    pass_time,
    publish,
    types,
)


def test_a_delivery_carries_the_events_id_and_a_signature_of_now(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.admit()
    publish(service)

    service.time.sleep(3600)
    deliver(service)

    (posted,) = service.receivers.posted
    message_id = verify(
        webhook.secrets[0].text, headers=posted.headers, body=posted.body, now=NOW + HOUR
    )
    assert message_id == json.loads(posted.body)["id"] == posted.headers["webhook-id"]
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["user-agent"] == "seedhook"


def test_a_message_that_comes_twice_sends_once(service: MemoryService) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    service.to_deliver.messages *= 3

    deliver(service)

    assert len(service.receivers.posted) == 1


def test_a_message_about_a_forgotten_delivery_is_done_with(service: MemoryService) -> None:
    assert service.deliver_webhook(DeliveryId("dlv_gone")) == Outcome()


@pytest.mark.parametrize("down", [MINUTE, HOUR, DAY, 3 * DAY])
def test_an_endpoint_that_was_down_gets_it_in_the_next_slot_same_id_same_bytes(
    service: MemoryService, down: timedelta
) -> None:
    webhook = an_endpoint(service)
    service.receivers.answers[URL] = down_until(service, NOW + down)
    service.admit()
    publish(service)
    deliver(service)

    pass_time(service, 5 * DAY)

    (delivery,) = deliveries(service)
    late = delivery.tries[-1].at - (NOW + down)
    assert delivery.status is DeliveryStatus.DELIVERED
    assert late <= 1.2 * SCHEDULE[len(delivery.tries) - 1]
    assert len({(one.headers["webhook-id"], one.body) for one in service.receivers.posted}) == 1
    assert (current(service, webhook).failing_since, current(service, webhook).enabled) == (
        None,
        True,
    )


def test_an_endpoint_that_is_down_for_six_days_is_given_up_and_that_is_announced(
    service: MemoryService,
) -> None:
    webhook = an_endpoint(service)
    an_endpoint(service, "https://other.example/", events=("webhook.disabled",))
    service.receivers.answers[URL] = down_until(service, NOW + 6 * DAY)
    for _ in range(6):
        service.admit()
        publish(service)
        deliver(service)
        pass_time(service, DAY)

    given_up = current(service, webhook)
    assert (given_up.enabled, given_up.warnings) == (False, 3)
    (event,) = service.store.announced.values()
    assert event.type == "webhook.disabled"
    publish(service)
    deliver(service)
    assert types([p for p in service.receivers.posted if p.url != URL]) == ["webhook.disabled"]


def test_its_owner_is_warned_before_that(service: MemoryService) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    warned = []
    for _ in range(5 * 24 - 1):
        service.admit()
        publish(service)
        warned += [one.webhook for one in deliver(service) if one.warns]
        move_to(service, service.clock.now() + HOUR)

    assert [one.warnings for one in warned if one] == [1, 2, 3]


def test_jobs_know_nothing_of_a_dead_receiver(service: MemoryService) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(error="no answer within 15 seconds")
    job = service.submit(webhook_url=URL)
    service.apixo.finish_all()

    assert service.collect(job.id).status is JobStatus.SUCCEEDED


def test_after_the_last_try_it_has_failed(service: MemoryService) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(error="no connection")
    service.admit()
    publish(service)
    deliver(service)

    pass_time(service, 5 * DAY)

    (delivery,) = deliveries(service)
    assert (delivery.status, len(delivery.tries)) == (DeliveryStatus.FAILED, len(SCHEDULE))
    assert {one.error for one in delivery.tries} == {"no connection"}


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 404, 429, 500, 503, 199])
def test_whatever_is_no_2xx_is_tried_again(service: MemoryService, status: int) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=status)
    service.admit()
    publish(service)

    deliver(service)

    (delivery,) = deliveries(service)
    assert (delivery.status, delivery.tries[0].status) == (DeliveryStatus.PENDING, status)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_the_end_of_it(service: MemoryService, status: int) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=status)
    service.admit()
    publish(service)

    deliver(service)

    (delivery,) = deliveries(service)
    assert (delivery.status, delivery.due_at) == (DeliveryStatus.DELIVERED, None)


def test_410_gives_up_the_endpoint_and_the_delivery_at_once(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.receivers.answers[URL] = always(status=410)
    service.admit()
    publish(service)

    deliver(service)

    (delivery,) = deliveries(service)
    assert (delivery.status, len(delivery.tries)) == (DeliveryStatus.FAILED, 1)
    assert current(service, webhook).disabled_because == "the receiver answered 410 Gone"
    assert [e.type for e in service.store.announced.values()] == ["webhook.disabled"]


def test_410_of_a_jobs_own_address_gives_up_that_delivery(service: MemoryService) -> None:
    service.receivers.answers[URL] = always(status=410)
    service.admit(webhook_url=URL)
    publish(service)

    deliver(service)

    assert [one.status for one in deliveries(service)] == [DeliveryStatus.FAILED]


@pytest.mark.parametrize("asked", ["90", "Fri, 20 Nov 2026 12:01:30 GMT"])
def test_the_receiver_may_ask_for_time(service: MemoryService, asked: str) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=429, retry_after=asked)
    service.admit()
    publish(service)

    deliver(service)

    (delivery,) = deliveries(service)
    assert delivery.due_at == NOW + timedelta(seconds=90)


def test_what_waits_for_a_disabled_endpoint_is_given_up_unsent(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.admit()
    publish(service)
    service.manage_webhooks.change("default", webhook.id, Change(enabled=False))

    deliver(service)

    assert [one.status for one in deliveries(service)] == [DeliveryStatus.FAILED]
    assert service.receivers.posted == []


def test_what_waits_for_a_removed_endpoint_is_given_up_unsent(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.admit()
    publish(service)
    service.manage_webhooks.remove("default", webhook.id)

    deliver(service)

    assert [one.status for one in deliveries(service)] == [DeliveryStatus.FAILED]
    assert service.receivers.posted == []


def test_a_retry_goes_to_where_the_endpoint_has_moved(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    service.admit()
    publish(service)
    deliver(service)
    moved = Change(url="https://moved.example/")
    service.manage_webhooks.change("default", webhook.id, moved)

    pass_time(service, MINUTE)

    assert [one.url for one in service.receivers.posted] == [URL, "https://moved.example/"]
    assert deliveries(service)[0].url == "https://moved.example/"
