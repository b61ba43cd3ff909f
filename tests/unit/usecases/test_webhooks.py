"""From an event to its receivers: planned once, signed now, tried again, given up in the end."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from shared.adapters.memory.webhooks import Posted
from shared.domain.api_key import ApiKey
from shared.domain.delivery import SCHEDULE, SENDING_PATIENCE, Delivery, DeliveryStatus
from shared.domain.errors import InvalidRequest, InvalidTransition, TooManyWebhooks, VersionConflict
from shared.domain.ids import DeliveryId
from shared.domain.status import JobStatus
from shared.domain.webhook import Webhook
from shared.domain.webhook_signature import SignatureInvalid, verify
from shared.ports.webhooks import Reply
from shared.usecases.deliver_webhook import Outcome
from shared.usecases.endpoint_places import AT_ONCE
from shared.usecases.webhooks import MOST, Change, Registration
from tests.memory_service import NOW, MemoryService

URL = "https://shop.example/hook"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def key(service: MemoryService) -> ApiKey:
    return service.a_key()


def an_endpoint(service: MemoryService, url: str = URL, **fields: object) -> Webhook:
    wanted = Registration(url=url, **fields)  # type: ignore[arg-type]  # by name
    return service.manage_webhooks.create("default", wanted)


def current(service: MemoryService, webhook: Webhook) -> Webhook:
    return service.webhooks.get(webhook.tenant, webhook.id)


def publish(service: MemoryService) -> None:
    service.publish_events(list(service.store.announced.values()))


def deliver(service: MemoryService) -> list[Outcome]:
    """Let the deliver function work until its queue is empty."""
    told = []
    while service.to_deliver.messages:
        told.append(service.deliver_webhook(service.to_deliver.messages.popleft()))
    return told


def pass_time(service: MemoryService, span: timedelta) -> None:
    """Let the watch look whenever something is due, and the deliver function follow it."""
    end = service.clock.now() + span
    while (at := next_due(service)) and at <= end:
        move_to(service, max(at, service.clock.now()))
        for one in service.deliveries.due(before=service.clock.now(), limit=500):
            service.deliver_queue.send(one.id)
        deliver(service)
    move_to(service, end)


def move_to(service: MemoryService, at: datetime) -> None:
    service.time.sleep((at - service.clock.now()).total_seconds())


def next_due(service: MemoryService) -> datetime | None:
    return min((one.due_at for one in service.log.rows.values() if one.due_at), default=None)


def deliveries(service: MemoryService) -> list[Delivery]:
    return sorted(service.log.rows.values(), key=lambda one: one.id)


def down_until(service: MemoryService, at: datetime) -> Callable[[Posted], Reply]:
    return lambda _: Reply(milliseconds=9, status=200 if service.clock.now() >= at else 503)


def always(**reply: object) -> Callable[[Posted], Reply]:
    return lambda _: Reply(milliseconds=9, **reply)  # type: ignore[arg-type]  # by name


def types(posted: list[Posted]) -> list[str]:
    return [json.loads(one.body)["type"] for one in posted]


# --- planning


def test_every_event_goes_to_every_endpoint_byte_for_byte(service: MemoryService) -> None:
    an_endpoint(service)
    an_endpoint(service, "https://other.example/")
    service.submit()
    events = list(service.store.announced.values())

    publish(service)
    deliver(service)

    details = [event.detail.encode() for event in events]
    for url in (URL, "https://other.example/"):
        bodies = [one.body for one in service.receivers.posted if one.url == url]
        assert sorted(bodies) == sorted(details)
    assert {event.detail for event in service.bus.received} == {d.decode() for d in details}


def test_an_endpoint_hears_only_what_it_asked_for(service: MemoryService) -> None:
    an_endpoint(service, events=("job.submitted",))
    service.submit()

    publish(service)
    deliver(service)

    assert types(service.receivers.posted) == ["job.submitted"]


def test_without_an_endpoint_nothing_is_written(service: MemoryService) -> None:
    service.submit()

    publish(service)

    assert (service.log.rows, list(service.to_deliver.messages)) == ({}, [])


def test_other_tenants_hear_nothing(service: MemoryService) -> None:
    service.manage_webhooks.create("other", Registration(url=URL))
    service.submit()

    publish(service)

    assert service.log.rows == {}


def test_publishing_twice_plans_once(service: MemoryService) -> None:
    an_endpoint(service)
    service.submit()
    events = list(service.store.announced.values())

    service.publish_events(events)
    service.publish_events(events)
    deliver(service)

    assert len(service.receivers.posted) == len(events)


def test_an_event_is_not_forgotten_before_its_deliveries_are_written(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_endpoint(service)
    service.submit()
    announced = dict(service.store.announced)

    def fails(_: Delivery) -> bool:
        raise TimeoutError

    with monkeypatch.context() as broken:
        broken.setattr(service.deliveries, "add", fails)
        with pytest.raises(TimeoutError):
            publish(service)
    assert service.store.announced == announced

    publish(service)

    assert service.store.announced == {}
    assert len(service.log.rows) == len(announced)


def test_a_new_endpoint_hears_the_very_next_event(service: MemoryService) -> None:
    service.submit()
    publish(service)
    an_endpoint(service)
    service.submit()

    publish(service)

    assert len(service.log.rows) == 2


# --- a job's own address


def test_a_jobs_own_address_is_signed_with_its_api_keys_secret(
    service: MemoryService, key: ApiKey
) -> None:
    service.submit(key=key, webhook_url=URL, webhook_events=("job.submitted",))

    publish(service)
    deliver(service)

    (posted,) = service.receivers.posted
    assert verify(key.webhook_secret, headers=posted.headers, body=posted.body, now=NOW)
    assert types([posted]) == ["job.submitted"]


def test_a_job_that_names_no_types_gets_all_of_its_own(service: MemoryService) -> None:
    service.submit(webhook_url=URL)
    service.submit()

    publish(service)
    deliver(service)

    assert sorted(types(service.receivers.posted)) == ["job.accepted", "job.submitted"]


def test_an_address_that_may_not_be_called_is_refused_with_the_job(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest) as caught:
        service.admit(webhook_url="http://169.254.169.254/")

    assert caught.value.errors[0].pointer == "/webhook_url"
    assert service.store.announced == {}


def test_the_address_of_a_job_is_in_no_event(service: MemoryService) -> None:
    service.submit(webhook_url=URL)

    publish(service)

    assert not any("shop.example" in event.detail for event in service.bus.received)


# --- sending


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


def test_what_arrived_counts_even_if_somebody_took_over_meanwhile(service: MemoryService) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages

    def slow(_: Posted) -> Reply:
        service.redeliver.resend("default", delivery_id)
        return Reply(milliseconds=9, status=200)

    service.receivers.answers[URL] = slow
    service.deliver_webhook(delivery_id)

    assert service.deliveries.get(delivery_id).status is DeliveryStatus.DELIVERED


def test_a_failure_counts_only_for_whose_turn_it_still_is(service: MemoryService) -> None:
    an_endpoint(service)
    service.admit()
    publish(service)
    (delivery_id,) = service.to_deliver.messages

    def slow(_: Posted) -> Reply:
        service.redeliver.resend("default", delivery_id)
        return Reply(milliseconds=9, status=500)

    service.receivers.answers[URL] = slow
    service.deliver_webhook(delivery_id)

    assert service.deliveries.get(delivery_id).tried == 0


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


# --- the watch


def watch(service: MemoryService) -> int:
    until = service.clock.now() + 14 * MINUTE
    return service.watch_jobs(owner="watch", until=until)


def test_a_first_retry_comes_after_seconds_and_not_with_the_next_minute(
    service: MemoryService,
) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=500)
    service.store.remove(service.admit())  # so that only the delivery is due
    publish(service)
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
    service.store.remove(service.admit())
    publish(service)
    service.to_deliver.messages.clear()

    def work(delivery_id: DeliveryId) -> None:
        service.deliver_webhook(delivery_id)

    service.to_deliver.send = work
    watch(service)

    assert [one.status for one in deliveries(service)] == [DeliveryStatus.DELIVERED]


def test_the_watch_does_not_send_one_delivery_with_every_look(service: MemoryService) -> None:
    an_endpoint(service)
    service.store.remove(service.admit())
    publish(service)
    service.to_deliver.messages.clear()

    service.watch_jobs(owner="watch", until=NOW + timedelta(seconds=25))

    assert len(service.to_deliver.messages) == 1


def test_the_watch_rests_while_the_next_try_is_far(service: MemoryService) -> None:
    an_endpoint(service)
    service.receivers.answers[URL] = always(status=500, retry_after="3600")
    service.store.remove(service.admit())
    publish(service)
    deliver(service)

    assert watch(service) == 0


# --- sending anew


def failed_for_good(service: MemoryService, jobs: int = 1) -> list[Delivery]:
    service.receivers.answers[URL] = always(status=500)
    for _ in range(jobs):
        service.admit()
    publish(service)
    deliver(service)
    pass_time(service, 4 * DAY)
    return deliveries(service)


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


# --- what an owner may do


def test_a_tenant_has_at_most_fifty(service: MemoryService) -> None:
    for _ in range(MOST):
        an_endpoint(service)

    with pytest.raises(TooManyWebhooks):
        an_endpoint(service)
    service.manage_webhooks.create("other", Registration(url=URL))


def test_two_changes_at_once_are_both_kept(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = an_endpoint(service)
    save, calls = service.webhooks.save, []

    def overtaken(changed: Webhook, *, was: Webhook) -> None:
        calls.append(changed)
        if len(calls) == 1:
            save(was.rotated("whsec_other", NOW), was=was)
        save(changed, was=was)

    monkeypatch.setattr(service.webhooks, "save", overtaken)
    service.manage_webhooks.change("default", webhook.id, Change(description="mine"))

    kept = current(service, webhook)
    assert (kept.description, kept.secrets[0].text) == ("mine", "whsec_other")


def test_who_never_gets_through_is_told_so(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = an_endpoint(service)

    def loses(*_: object, **__: object) -> None:
        raise VersionConflict("always")

    monkeypatch.setattr(service.webhooks, "save", loses)
    monkeypatch.setattr(service.webhooks, "remove", loses)

    with pytest.raises(VersionConflict):
        service.manage_webhooks.change("default", webhook.id, Change(description="mine"))
    with pytest.raises(VersionConflict):
        service.manage_webhooks.remove("default", webhook.id)
