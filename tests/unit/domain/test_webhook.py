"""A webhook's life: rotation, patience, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.events import farewell
from shared.domain.ids import WebhookId
from shared.domain.webhook import PATIENCE, Webhook, WebhookSecret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_webhook(*, events: tuple[str, ...] = ()) -> Webhook:
    return Webhook(
        id=WebhookId("wh_1"),
        tenant="acme",
        url="https://shop.example/hook?password=x",
        events=events,
        secrets=(WebhookSecret(text="whsec_old"),),
        created_at=NOW,
        updated_at=NOW,
    )


def failing(webhook: Webhook, *, since: datetime = NOW, lasting: timedelta) -> Webhook:
    """Fail every hour, as an endpoint does that events are sent to."""
    for hour in range(lasting // HOUR + 1):
        webhook = webhook.after_failure(since + hour * HOUR)
    return webhook


def test_without_types_it_wants_all_and_with_them_just_those() -> None:
    assert a_webhook().wants("job.failed")
    assert a_webhook(events=("job.failed",)).wants("job.failed")
    assert not a_webhook(events=("job.failed",)).wants("job.succeeded")


def test_both_secrets_sign_for_a_day_after_a_rotation() -> None:
    rotated = a_webhook().rotated("whsec_new", NOW)

    assert rotated.live_secrets(NOW + DAY - timedelta(seconds=1)) == ("whsec_new", "whsec_old")
    assert rotated.live_secrets(NOW + DAY) == ("whsec_new",)


def test_a_second_rotation_leaves_two_secrets() -> None:
    twice = a_webhook().rotated("whsec_new", NOW).rotated("whsec_newer", NOW + HOUR)

    assert twice.live_secrets(NOW + HOUR) == ("whsec_newer", "whsec_new")


def test_a_healthy_endpoint_costs_no_write() -> None:
    webhook = a_webhook()

    assert webhook.after_success(NOW) is webhook


def test_a_failing_endpoint_costs_a_write_now_and_then() -> None:
    once = a_webhook().after_failure(NOW)

    assert once.failing_since == NOW
    assert once.after_failure(NOW + timedelta(minutes=59)) is once
    assert once.after_failure(NOW + HOUR) is not once


@pytest.mark.parametrize("down", [timedelta(minutes=1), HOUR, DAY, 3 * DAY, PATIENCE - HOUR])
def test_an_endpoint_that_comes_back_in_time_stays(down: timedelta) -> None:
    webhook = failing(a_webhook(), lasting=down)

    recovered = webhook.after_success(NOW + down)

    assert webhook.enabled
    assert (recovered.failing_since, recovered.warnings) == (None, 0)


@pytest.mark.parametrize("down", [PATIENCE, timedelta(days=6)])
def test_after_five_days_of_failure_only_it_is_disabled(down: timedelta) -> None:
    webhook = failing(a_webhook(), lasting=down)

    assert not webhook.enabled
    assert webhook.disabled_because == "every delivery has failed for five days"


def test_one_success_in_between_and_the_five_days_begin_anew() -> None:
    webhook = failing(a_webhook(), lasting=4 * DAY).after_success(NOW + 4 * DAY)

    again = failing(webhook, since=NOW + 4 * DAY + HOUR, lasting=4 * DAY)

    assert again.enabled


def test_two_single_failures_weeks_apart_are_not_five_days_of_failure() -> None:
    webhook = a_webhook().after_failure(NOW).after_failure(NOW + 20 * DAY)

    assert webhook.enabled
    assert webhook.failing_since == NOW + 20 * DAY


def test_its_owner_is_warned_three_times_on_the_way() -> None:
    at = [DAY - HOUR, DAY, 3 * DAY, timedelta(days=4, hours=12)]

    assert [failing(a_webhook(), lasting=lasting).warnings for lasting in at] == [0, 1, 2, 3]


def test_gone_disables_at_once() -> None:
    gone = a_webhook().gone(NOW)

    assert (gone.enabled, gone.disabled_because) == (False, "the receiver answered 410 Gone")
    assert gone.gone(NOW) is gone


def test_enabling_again_forgives_what_went_wrong() -> None:
    webhook = failing(a_webhook(), lasting=PATIENCE).changed(NOW + PATIENCE, enabled=True)

    assert webhook.enabled
    assert (webhook.failing_since, webhook.disabled_because, webhook.warnings) == (None, None, 0)
    assert webhook.after_failure(NOW + PATIENCE).enabled


def test_being_given_up_is_announced_without_the_urls_secrets() -> None:
    event = farewell(a_webhook().gone(NOW), was=a_webhook())

    assert event
    assert (event.type, event.tenant) == ("webhook.disabled", "acme")
    assert '"host":"shop.example"' in event.detail
    assert "password" not in event.detail


def test_what_its_owner_does_is_not_announced() -> None:
    paused = a_webhook().changed(NOW, enabled=False)

    assert farewell(paused, was=a_webhook()) is None
    assert farewell(a_webhook().rotated("whsec_new", NOW), was=a_webhook()) is None
