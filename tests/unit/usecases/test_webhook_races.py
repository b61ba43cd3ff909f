"""Deliveries and webhooks that somebody else writes in the middle of a try."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.memory.webhooks import Posted
from shared.domain.delivery import Delivery, DeliveryStatus
from shared.domain.errors import VersionConflict, WebhookNotFound
from shared.domain.ids import DeliveryId
from shared.domain.webhook import Webhook
from shared.ports.webhooks import DeliveryPage, Reply
from shared.usecases.deliver_webhook import Outcome
from shared.usecases.endpoint_places import AT_ONCE
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.receiving import (
    MINUTE,
    URL,
    always,
    an_endpoint,
    current,
    deliver,
    deliveries,
    failed_for_good,
    pass_time,
    publish,
)


def a_delivery(service: MemoryService, **wish: Any) -> DeliveryId:
    """Let an event be on its way to its one receiver."""
    service.admit(**wish)
    publish(service)
    return service.to_deliver.messages.popleft()


def arrives(service: MemoryService, delivery_id: DeliveryId) -> bool:
    delivery = service.deliver_webhook(delivery_id).delivery
    return delivery is not None and delivery.status is DeliveryStatus.DELIVERED


def touched(service: MemoryService, delivery_id: DeliveryId) -> None:
    """Somebody else writes: nothing but a version more."""
    was = service.deliveries.get(delivery_id)
    service.log.rows[delivery_id] = replace(was, version=was.version + 1)


def before_saving(
    service: MemoryService,
    meanwhile: Callable[[DeliveryId], object],
    *,
    is_meant: Callable[[Delivery], bool] = lambda _: True,
    times: int = 1,
) -> None:
    save, left = service.log.save, list(range(times))

    def beaten(delivery: Delivery, *, was: Delivery) -> None:
        if left and is_meant(delivery):
            left.pop()
            meanwhile(delivery.id)
        save(delivery, was=was)

    service.log.save = beaten


# --- while it is sent


def test_who_fails_in_the_middle_of_a_try_holds_up_no_other(service: MemoryService) -> None:
    an_endpoint(service)

    def breaks(_: Posted) -> Reply:
        raise OSError("no file descriptors left")

    service.receivers.answers[URL] = breaks
    for _ in range(AT_ONCE):
        with pytest.raises(OSError, match="descriptors"):
            service.deliver_webhook(a_delivery(service))
    del service.receivers.answers[URL]

    assert arrives(service, a_delivery(service))


def test_who_loses_the_claim_sends_nothing_and_holds_up_no_other(service: MemoryService) -> None:
    an_endpoint(service)
    before_saving(service, lambda one: touched(service, one), times=AT_ONCE)

    for _ in range(AT_ONCE):
        assert service.deliver_webhook(a_delivery(service)) == Outcome()

    assert service.receivers.posted == []
    assert arrives(service, a_delivery(service))


def test_what_cannot_be_written_down_is_sent_once_more(service: MemoryService) -> None:
    an_endpoint(service)
    delivery_id = a_delivery(service)
    before_saving(
        service,
        lambda one: touched(service, one),
        is_meant=lambda changed: changed.status is DeliveryStatus.DELIVERED,
        times=5,
    )

    assert service.deliver_webhook(delivery_id) == Outcome()
    pass_time(service, 2 * MINUTE)

    first, second = service.receivers.posted
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [one.status for one in deliveries(service)] == [DeliveryStatus.DELIVERED]


def test_a_success_is_written_down_though_others_write_four_times(service: MemoryService) -> None:
    an_endpoint(service)
    delivery_id = a_delivery(service)
    before_saving(
        service,
        lambda one: touched(service, one),
        is_meant=lambda changed: changed.status is DeliveryStatus.DELIVERED,
        times=4,
    )

    outcome = service.deliver_webhook(delivery_id)

    assert outcome.delivery == service.deliveries.get(delivery_id)
    assert len(service.receivers.posted) == 1


# --- how the endpoint fares


def test_a_webhook_removed_in_the_middle_of_a_try_stays_removed(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    delivery_id = a_delivery(service)

    def removed(_: Posted) -> Reply:
        service.manage_webhooks.remove("default", webhook.id)
        return Reply(milliseconds=9, status=500)

    service.receivers.answers[URL] = removed
    outcome = service.deliver_webhook(delivery_id)

    assert outcome.delivery
    assert outcome.delivery.tries[0].status == 500
    with pytest.raises(WebhookNotFound):
        current(service, webhook)


def test_an_endpoint_that_keeps_moving_keeps_no_delivery_from_being_written_down(
    service: MemoryService,
) -> None:
    webhook = an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    delivery_id = a_delivery(service)
    save = service.webhooks.save

    def beaten(webhook: Webhook, *, was: Webhook) -> None:
        save(was.changed(NOW, description="theirs"), was=was)
        save(webhook, was=was)

    service.webhooks.save = beaten
    outcome = service.deliver_webhook(delivery_id)

    assert outcome.delivery
    assert (outcome.delivery.tried, outcome.warns) == (1, False)
    assert outcome.webhook == current(service, webhook)
    assert current(service, webhook).failing_since is None  # the next failure will tell the same


# --- sending anew


def test_what_a_job_itself_asked_for_can_be_sent_anew(service: MemoryService) -> None:
    delivery_id = a_delivery(service, webhook_url=URL)
    service.deliver_webhook(delivery_id)

    service.redeliver.resend("default", delivery_id)
    deliver(service)

    first, second = service.receivers.posted
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_a_delivery_is_sent_anew_though_somebody_writes_meanwhile(service: MemoryService) -> None:
    an_endpoint(service)
    (failed,) = failed_for_good(service)
    before_saving(service, lambda one: touched(service, one), times=4)

    anew = service.redeliver.resend("default", failed.id)

    assert (anew.status, anew.tried) == (DeliveryStatus.PENDING, 0)
    assert list(service.to_deliver.messages) == [failed.id]


def test_who_never_gets_through_is_told_so_and_nothing_is_sent(service: MemoryService) -> None:
    an_endpoint(service)
    (failed,) = failed_for_good(service)
    before_saving(service, lambda one: touched(service, one), times=5)

    with pytest.raises(VersionConflict, match="keeps moving"):
        service.redeliver.resend("default", failed.id)

    assert list(service.to_deliver.messages) == []


def test_recovery_does_not_send_anew_what_arrives_meanwhile(service: MemoryService) -> None:
    webhook = an_endpoint(service)
    delivery_id = a_delivery(service)
    newest = service.log.newest

    def overtaken(tenant: str, *, limit: int, cursor: str | None) -> DeliveryPage:
        page = newest(tenant, limit=limit, cursor=cursor)
        service.deliver_webhook(delivery_id)
        return page

    service.log.newest = overtaken
    recovered = service.redeliver.recover(webhook, since=NOW, cursor=None)

    assert recovered.count == 0
    assert list(service.to_deliver.messages) == []
    assert service.deliveries.get(delivery_id).status is DeliveryStatus.DELIVERED
