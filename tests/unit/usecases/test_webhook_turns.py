"""Whose turn it is: secrets that change, senders that die, receivers that hold up others."""

from datetime import timedelta

import pytest

from shared.adapters.memory.webhooks import Posted
from shared.domain.delivery import SENDING_PATIENCE, Delivery, DeliveryStatus
from shared.domain.webhook_signature import SignatureInvalid, verify
from shared.ports.webhooks import Reply
from shared.usecases.deliver_webhook import Outcome
from shared.usecases.endpoint_places import AT_ONCE
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
    move_to,
    next_due,
    pass_time,
    publish,
)

# --- rotation


def test_between_two_tries_the_secret_may_change(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    service.admit()
    publish(service)
    deliver(service)

    rotated = service.manage_webhooks.rotate("default", webhook.id)
    pass_time(service, MINUTE)

    old, new = webhook.secrets[0].text, rotated.secrets[0].text
    first, second = service.receivers.posted
    now = service.clock.now()
    assert verify(old, headers=first.headers, body=first.body, now=NOW)
    with pytest.raises(SignatureInvalid):
        verify(new, headers=first.headers, body=first.body, now=NOW)
    for secret in (old, new):
        assert verify(secret, headers=second.headers, body=second.body, now=now)


def test_a_day_after_a_rotation_only_the_new_secret_signs(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.manage_webhooks.rotate("default", webhook.id)
    move_to(service, NOW + DAY)
    service.admit()
    publish(service)

    deliver(service)

    (posted,) = service.receivers.posted
    with pytest.raises(SignatureInvalid):
        verify(webhook.secrets[0].text, headers=posted.headers, body=posted.body, now=NOW + DAY)


# --- dying and overtaking


def test_who_dies_before_writing_it_down_leaves_a_claim_of_a_minute(
    service: MemoryService,
) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages

    class Dies(BaseException):
        pass

    def dies(_: Posted) -> Reply:
        raise Dies

    service.receivers.answers[URL] = dies
    with pytest.raises(Dies):
        service.deliver_webhook(delivery_id)
    del service.receivers.answers[URL]

    assert service.deliver_webhook(delivery_id) == Outcome()  # somebody may be at it
    pass_time(service, MINUTE)

    first, second = service.receivers.posted
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert [one.status for one in deliveries(service)] == [DeliveryStatus.DELIVERED]


def overtaken(service: MemoryService, *, status: int) -> Delivery:
    """Let somebody send it anew while a slow receiver answers; return what is known then."""
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages

    def slow(_: Posted) -> Reply:
        service.redeliver.resend("default", delivery_id)
        return Reply(milliseconds=9, status=status)

    service.receivers.answers[URL] = slow
    service.deliver_webhook(delivery_id)
    return service.deliveries.get(delivery_id)


def test_what_arrived_counts_even_if_somebody_took_over_meanwhile(service: MemoryService) -> None:
    assert overtaken(service, status=200).status is DeliveryStatus.DELIVERED


def test_a_failure_counts_only_for_whose_turn_it_still_is(service: MemoryService) -> None:
    assert overtaken(service, status=500).tried == 0


def test_how_an_endpoint_fares_is_not_lost_to_its_owners_change(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    service.admit()
    publish(service)

    def slow(_: Posted) -> Reply:
        service.manage_webhooks.change("default", webhook.id, Change(description="mine"))
        return Reply(milliseconds=9, status=500)

    service.receivers.answers[URL] = slow
    deliver(service)

    assert current(service, webhook).description == "mine"
    assert current(service, webhook).failing_since == NOW


# --- one receiver and the others


def test_five_deliveries_at_a_time_go_to_one_endpoint_and_others_do_not_wait(
    service: MemoryService,
) -> None:
    an_endpoint(service)
    an_endpoint(service, "https://quick.example/")
    for _ in range(AT_ONCE):
        service.admit()
    publish(service)
    under_way, most = [0], [0]

    def slow(_: Posted) -> Reply:
        """While it dawdles, the queue's other messages are worked on."""
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        deliver(service)
        under_way[0] -= 1
        return Reply(milliseconds=15000, error="no answer within 15 seconds")

    for _ in range(3):
        service.admit()
    publish(service)
    service.receivers.answers[URL] = slow
    deliver(service)

    quick = [one for one in deliveries(service) if one.url != URL]
    assert most == [AT_ONCE]
    assert {one.status for one in quick} == {DeliveryStatus.DELIVERED}
    waiting = [one for one in deliveries(service) if one.url == URL and not one.tries]
    assert len(waiting) == 3
    assert all(one.due_at and one.due_at <= NOW + timedelta(seconds=10) for one in waiting)
    assert service.wake.calls >= 3


def test_what_has_waited_long_for_a_place_asks_less_often(service: MemoryService) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages
    service.leases.acquire = lambda *_, **__: False

    waits = []
    while service.clock.now() < NOW + HOUR:
        service.deliver_webhook(delivery_id)
        due_at = next_due(service)
        assert due_at
        waits.append((due_at - service.clock.now()).total_seconds())
        move_to(service, due_at)

    assert max(waits[:5]) <= 10
    assert 40 < max(waits) <= 120
    assert len(waits) < 150
    assert [one.tries for one in deliveries(service)] == [()]


def test_a_sender_that_fails_gives_its_place_back(service: MemoryService) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages

    def fail(_: Posted) -> Reply:
        raise RuntimeError("no socket left")

    service.receivers.answers[URL] = fail
    for _ in range(2 * AT_ONCE):
        with pytest.raises(RuntimeError):
            service.deliver_webhook(delivery_id)
        move_to(service, service.clock.now() + SENDING_PATIENCE / 2)
        service.deliver_webhook(delivery_id)
        move_to(service, service.clock.now() + SENDING_PATIENCE / 2)

    del service.receivers.answers[URL]
    service.deliver_webhook(delivery_id)
    assert [one.status for one in deliveries(service)] == [DeliveryStatus.DELIVERED]


def test_jobs_own_addresses_at_one_host_count_as_one_endpoint(service: MemoryService) -> None:
    for number in range(AT_ONCE + 1):
        service.admit(webhook_url=f"https://shop.example/{number}")
    publish(service)

    def slow(_: Posted) -> Reply:
        deliver(service)
        return Reply(milliseconds=9, status=200)

    for number in range(AT_ONCE + 1):
        service.receivers.answers[f"https://shop.example/{number}"] = slow
    deliver(service)

    assert len(service.receivers.posted) == AT_ONCE
