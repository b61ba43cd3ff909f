"""What the watch hands on, and what is sent anew when somebody asks for it."""

from datetime import timedelta

import pytest

from shared.domain.delivery import DeliveryStatus
from shared.domain.errors import InvalidTransition
from shared.domain.ids import DeliveryId
from shared.usecases.webhooks import Change
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.receiving import (
    URL,
    always,
    an_endpoint,
    deliver,
    deliveries,
    failed_for_good,
    publish,
    types,
    watch,
)


def test_a_first_retry_comes_after_seconds_and_not_with_the_next_minute(
    service: MemoryService,
) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    job = service.admit()
    publish(service)
    service.store.remove(job)  # so that only the delivery is due
    deliver(service)
    assert service.wake.calls == 1
    (delivery,) = deliveries(service)
    assert delivery.due_at

    sent = []

    def note(delivery_id: DeliveryId) -> None:
        del delivery_id
        sent.append(service.clock.now())

    service.to_deliver.send = note
    watch(service)

    assert sent
    assert timedelta(0) <= sent[0] - delivery.due_at <= timedelta(seconds=4)


def test_the_watch_hands_on_a_delivery_whose_message_was_lost(service: MemoryService) -> None:
    an_endpoint(service)
    job = service.admit()
    publish(service)
    service.store.remove(job)
    service.to_deliver.messages.clear()

    def work(delivery_id: DeliveryId) -> None:
        service.deliver_webhook(delivery_id)

    service.to_deliver.send = work
    watch(service)

    assert [one.status for one in deliveries(service)] == [DeliveryStatus.DELIVERED]


def test_the_watch_does_not_send_one_delivery_with_every_look(service: MemoryService) -> None:
    an_endpoint(service)
    job = service.admit()
    publish(service)
    service.store.remove(job)
    service.to_deliver.messages.clear()

    service.watch_jobs(owner="watch", until=NOW + timedelta(seconds=25))

    assert len(service.to_deliver.messages) == 1


def test_the_watch_rests_while_the_next_try_is_far(service: MemoryService) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=500, retry_after="3600")
    job = service.admit()
    publish(service)
    service.store.remove(job)
    deliver(service)

    assert watch(service) == 0


def test_a_resent_delivery_keeps_id_and_bytes(service: MemoryService) -> None:
    an_endpoint(service)
    (failed,) = failed_for_good(service)
    del service.receivers.answers[URL]
    before = service.receivers.posted[0]

    service.redeliver.resend("default", failed.id)
    deliver(service)

    after = service.receivers.posted[-1]
    assert (before.headers["webhook-id"], before.body) == (after.headers["webhook-id"], after.body)
    assert service.deliveries.get(failed.id).status is DeliveryStatus.DELIVERED


def test_nothing_is_resent_to_a_disabled_or_removed_endpoint(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    (failed,) = failed_for_good(service)

    service.manage_webhooks.change("default", webhook.id, Change(enabled=False))
    with pytest.raises(InvalidTransition):
        service.redeliver.resend("default", failed.id)
    service.manage_webhooks.remove("default", webhook.id)
    with pytest.raises(InvalidTransition):
        service.redeliver.resend("default", failed.id)


def test_recovery_sends_what_was_not_delivered_since_then(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    early = failed_for_good(service)
    since = service.clock.now()
    late = failed_for_good(service, jobs=3)[len(early) :]
    del service.receivers.answers[URL]
    posted = len(service.receivers.posted)
    enabled = service.manage_webhooks.change("default", webhook.id, Change(enabled=True))

    recovered = service.redeliver.recover(enabled, since=since, cursor=None)
    deliver(service)

    assert (recovered.count, recovered.cursor) == (3, None)
    assert sorted(one.headers["webhook-id"] for one in service.receivers.posted[posted:]) == sorted(
        one.message_id for one in late
    )
    again = service.redeliver.recover(enabled, since=since, cursor=None)
    assert again.count == 0


def test_recovery_brings_what_happened_while_the_endpoint_was_disabled(
    service: MemoryService,
) -> None:
    webhook = an_endpoint(service, enabled=False)
    service.admit()
    publish(service)
    assert list(service.to_deliver.messages) == []
    with pytest.raises(InvalidTransition):
        service.redeliver.recover(webhook, since=NOW, cursor=None)

    enabled = service.manage_webhooks.change("default", webhook.id, Change(enabled=True))
    service.redeliver.recover(enabled, since=NOW, cursor=None)
    deliver(service)

    assert types(service.receivers.posted) == ["job.accepted"]


def test_recovery_leaves_other_endpoints_alone(service: MemoryService) -> None:
    webhook = an_endpoint(service, "https://other.example/")
    an_endpoint(service)
    failed_for_good(service)

    recovered = service.redeliver.recover(webhook, since=NOW, cursor=None)

    assert recovered.count == 0
