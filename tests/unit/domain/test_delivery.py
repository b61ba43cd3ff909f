"""A delivery over its whole schedule, in virtual time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.delivery import (
    KEPT_ANSWER,
    SCHEDULE,
    SENDING_PATIENCE,
    Delivery,
    DeliveryStatus,
    Try,
)
from shared.domain.delivery_plan import delivery_id, plan
from shared.domain.events import Event, JobWebhook
from shared.domain.ids import DeliveryId, EventId, KeyId, WebhookId
from shared.domain.retry_after import wait_of
from shared.domain.webhook import Webhook, WebhookSecret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
URL = "https://shop.example/hook"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

# Offsets of the contract's tries: at 0, and then after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h.
OFFSETS = [sum(SCHEDULE[: n + 1], timedelta(0)) for n in range(len(SCHEDULE))]


def a_delivery() -> Delivery:
    return Delivery(
        id=DeliveryId("dlv_1"),
        tenant="acme",
        url=URL,
        message_id="evt_1_1",
        event_type="job.succeeded",
        body='{"id":"evt_1_1"}',
        due_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )


def a_try(at: datetime, status: int | None = 500, answer: str = "") -> Try:
    return Try(at=at, milliseconds=20, status=status, answer=answer)


def played(is_up: Callable[[datetime], bool], *, chance: float = 0.0) -> Delivery:
    """Try whenever it is due, until it is over."""
    delivery = a_delivery()
    while delivery.due_at:
        at = delivery.due_at
        if is_up(at):
            delivery = delivery.claimed(at, url=URL).delivered(a_try(at, 200), at)
        else:
            delivery = delivery.claimed(at, url=URL).failed(a_try(at), at, chance=chance, wait=None)
    return delivery


def test_the_tries_are_those_of_the_contract() -> None:
    delivery = played(lambda _: False)

    assert [one.at - NOW for one in delivery.tries] == OFFSETS
    assert delivery.status is DeliveryStatus.FAILED
    assert timedelta(hours=75) < OFFSETS[-1] < timedelta(hours=76)


def test_jitter_only_ever_adds_a_fifth() -> None:
    latest = [one.at - NOW for one in played(lambda _: False, chance=1.0).tries]

    assert latest == [1.2 * offset for offset in OFFSETS]


@pytest.mark.parametrize("down", [timedelta(minutes=1), timedelta(hours=1), DAY, 3 * DAY])
def test_after_an_outage_it_arrives_in_the_next_slot(down: timedelta) -> None:
    delivery = played(lambda at: at >= NOW + down)

    first_after = min(offset for offset in OFFSETS if offset >= down)
    assert delivery.status is DeliveryStatus.DELIVERED
    assert delivery.tries[-1].at == NOW + first_after


def test_an_outage_of_six_days_outlasts_it() -> None:
    delivery = played(lambda at: at >= NOW + 6 * DAY)

    assert (delivery.status, len(delivery.tries)) == (DeliveryStatus.FAILED, len(SCHEDULE))


def test_what_the_receiver_asks_for_counts_when_it_is_longer() -> None:
    at_once = a_delivery().failed(a_try(NOW), NOW, chance=0, wait=SECOND)
    later = a_delivery().failed(a_try(NOW), NOW, chance=0, wait=timedelta(minutes=2))

    assert at_once.due_at == NOW + SCHEDULE[1]
    assert later.due_at == NOW + timedelta(minutes=2)


def test_a_claimed_delivery_is_nobody_elses_for_a_minute() -> None:
    claimed = a_delivery().claimed(NOW, url=URL)

    assert a_delivery().may_be_sent(NOW)
    assert not claimed.may_be_sent(NOW + SENDING_PATIENCE - 2 * SECOND)
    assert claimed.may_be_sent(NOW + SENDING_PATIENCE)


def test_what_is_over_is_not_sent() -> None:
    delivered = a_delivery().delivered(a_try(NOW, 200), NOW)

    assert not delivered.may_be_sent(NOW + DAY)
    assert not a_delivery().given_up(None, NOW).may_be_sent(NOW + DAY)


def test_waiting_for_a_place_is_no_try() -> None:
    waiting = a_delivery().postponed(NOW, NOW + 5 * SECOND)

    assert (waiting.tried, waiting.tries, waiting.due_at) == (0, (), NOW + 5 * SECOND)


def test_sent_anew_it_keeps_id_and_bytes_and_has_all_its_tries() -> None:
    failed = played(lambda _: False)

    again = failed.resent(NOW + 7 * DAY)

    assert (again.id, again.message_id, again.body) == (failed.id, failed.message_id, failed.body)
    assert (again.status, again.tried, again.due_at) == (DeliveryStatus.PENDING, 0, NOW + 7 * DAY)
    assert again.tries == failed.tries


def test_the_log_has_a_bound_however_often_it_is_sent_anew() -> None:
    delivery = a_delivery()
    for _ in range(5):
        for _ in SCHEDULE:
            one = a_try(NOW, answer=KEPT_ANSWER * "x")
            delivery = delivery.failed(one, NOW, chance=0, wait=None)
        delivery = delivery.resent(NOW)

    assert len(delivery.tries) == 2 * len(SCHEDULE)
    assert len(delivery.tries[-1].answer) == KEPT_ANSWER
    assert sum(len(one.answer) for one in delivery.tries) < 3 * KEPT_ANSWER


# --- which deliveries an event calls for


def an_event(number: int = 1, *, webhook: JobWebhook | None = None) -> Event:
    return Event(
        id=EventId(f"evt_1_{number}"),
        subject="job#job_1",
        type="job.succeeded",
        created_at=NOW + number * SECOND,
        detail='{"id":"evt_1_1"}',
        tenant="acme",
        webhook=webhook,
    )


def an_endpoint(
    name: str = "wh_1", *, enabled: bool = True, events: tuple[str, ...] = ()
) -> Webhook:
    return Webhook(
        id=WebhookId(name),
        tenant="acme",
        url=f"https://{name.replace('_', '')}.example/",
        events=events,
        secrets=(WebhookSecret(text="whsec_x"),),
        enabled=enabled,
        created_at=NOW,
        updated_at=NOW,
    )


def test_an_event_goes_to_every_endpoint_that_wants_it_and_to_the_jobs_own() -> None:
    event = an_event(webhook=JobWebhook(url="https://own.example/", key_id=KeyId("k")))
    endpoints = [an_endpoint("wh_1"), an_endpoint("wh_2", events=("job.failed",))]

    first, own = plan(event, endpoints, at=NOW)

    assert (first.webhook_id, first.url, first.key_id) == ("wh_1", "https://wh1.example/", None)
    assert (own.webhook_id, own.url, own.key_id) == (None, "https://own.example/", "k")
    assert {first.body, own.body} == {event.detail}
    assert {first.message_id, own.message_id} == {event.id}
    assert {first.job_id, own.job_id} == {"job_1"}


def test_for_a_disabled_endpoint_it_is_kept_and_not_sent() -> None:
    (kept,) = plan(an_event(), [an_endpoint(enabled=False)], at=NOW)

    assert (kept.status, kept.due_at) == (DeliveryStatus.FAILED, None)


def test_planning_twice_names_the_same_deliveries() -> None:
    once, twice = (list(plan(an_event(), [an_endpoint()], at=at)) for at in (NOW, NOW + DAY))

    assert [one.id for one in once] == [one.id for one in twice]


def test_names_differ_by_event_and_receiver_and_sort_by_time() -> None:
    names = [delivery_id(an_event(n), receiver) for n in (1, 2) for receiver in ("wh_1", "wh_2")]

    assert len(set(names)) == 4
    assert max(names[:2]) < min(names[2:])


def test_an_event_of_no_job_names_none() -> None:
    event = replace(an_event(), subject="webhook#wh_2", type="webhook.disabled")

    (delivery,) = plan(event, [an_endpoint()], at=NOW)

    assert delivery.job_id is None


# --- Retry-After


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("999999999999999999", 86400),
        ("Fri, 20 Nov 2026 12:05:00 GMT", 300),
        ("Fri, 20 Nov 2026 12:05:00 -0000", 300),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 20 Nov 2099 12:00:00 GMT", 86400),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text: str, seconds: int) -> None:
    assert wait_of(text, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "1.5", "٣", "Fri, 99 Nov 2026 12:00:00"])
def test_an_unreadable_retry_after_says_nothing(text: str | None) -> None:
    assert wait_of(text, NOW) is None
