"""Webhooks: a tenant's own, the version is the lock, and giving one up is announced with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.dynamodb.webhooks import DynamoWebhooks
from shared.domain.errors import VersionConflict, WebhookNotFound
from shared.domain.events import farewell
from shared.domain.ids import WebhookId
from shared.domain.webhook import Webhook, WebhookSecret
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from shared.ports.webhooks import Webhooks
from tests.contract.aws import Aws
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.test_races import ROUNDS, WRITERS, at_once, wins
from tests.contract.worlds import dynamo_table


def a_webhook(number: int = 1, *, tenant: str = "acme") -> Webhook:
    return Webhook(
        id=WebhookId(f"wh_{number:026}"),
        tenant=tenant,
        url="https://shop.example/hook",
        secrets=(WebhookSecret(text="whsec_1"),),
        created_at=NOW,
        updated_at=NOW,
    )


def added(webhooks: Webhooks, webhook: Webhook) -> Webhook:
    webhooks.add(webhook)
    return webhook


def test_every_field_is_read_as_it_was_written(webhooks: Webhooks) -> None:
    full = replace(
        a_webhook().rotated("whsec_2", NOW).after_failure(NOW).gone(NOW + MINUTE),
        events=("job.succeeded", "job.failed"),
        description='"ein Fuchs" 🦊',
        warnings=2,
    )
    webhooks.add(full)

    assert webhooks.get("acme", full.id) == full
    assert list(webhooks.of_tenant("acme")) == [full]


def test_a_tenants_are_listed_oldest_first_and_others_are_not(webhooks: Webhooks) -> None:
    mine = [added(webhooks, a_webhook(number)) for number in (1, 2, 3)]
    added(webhooks, a_webhook(4, tenant="other"))

    assert list(webhooks.of_tenant("acme")) == mine
    assert list(webhooks.of_tenant("nobody")) == []


def test_another_tenants_does_not_exist(webhooks: Webhooks) -> None:
    webhook = added(webhooks, a_webhook(tenant="other"))

    with pytest.raises(WebhookNotFound):
        webhooks.get("acme", webhook.id)


def test_an_id_is_given_once(webhooks: Webhooks) -> None:
    webhook = added(webhooks, a_webhook())

    with pytest.raises(VersionConflict):
        webhooks.add(webhook)


def test_who_writes_over_what_he_has_not_read_loses(webhooks: Webhooks) -> None:
    first = added(webhooks, a_webhook())
    second = first.after_failure(NOW)
    webhooks.save(second, was=first)

    with pytest.raises(VersionConflict):
        webhooks.save(first.changed(NOW, description="mine"), was=first)
    with pytest.raises(VersionConflict):
        webhooks.remove(first)
    assert webhooks.get("acme", first.id) == second


def test_what_was_removed_is_gone_for_readers_and_writers(webhooks: Webhooks) -> None:
    webhook = added(webhooks, a_webhook())

    webhooks.remove(webhook)

    with pytest.raises(WebhookNotFound):
        webhooks.get("acme", webhook.id)
    for late in (webhook.after_failure(NOW), webhook.gone(NOW)):
        with pytest.raises(VersionConflict):
            webhooks.save(late, was=webhook)


def test_giving_one_up_is_announced(webhooks: Webhooks, outbox: Outbox) -> None:
    webhook = added(webhooks, a_webhook())
    gone = webhook.gone(NOW)

    webhooks.save(gone, was=webhook)

    assert list(outbox.unpublished(before=NOW, limit=10)) == [farewell(gone, was=webhook)]


def test_who_loses_announces_nothing(webhooks: Webhooks, outbox: Outbox) -> None:
    webhook = added(webhooks, a_webhook())
    webhooks.save(webhook.changed(NOW, description="mine"), was=webhook)

    with pytest.raises(VersionConflict):
        webhooks.save(webhook.gone(NOW), was=webhook)

    assert list(outbox.unpublished(before=NOW, limit=10)) == []


def test_other_changes_announce_nothing(webhooks: Webhooks, outbox: Outbox) -> None:
    webhook = added(webhooks, a_webhook())

    webhooks.save(webhook.after_failure(NOW), was=webhook)

    assert list(outbox.unpublished(before=NOW, limit=10)) == []


def test_webhooks_and_jobs_of_a_tenant_do_not_meet(webhooks: Webhooks, jobs: JobStore) -> None:
    jobs.add(a_job())
    added(webhooks, a_webhook())

    assert jobs.newest("acme", limit=10, cursor=None).jobs == (a_job(),)


@pytest.mark.engine
def test_of_all_who_give_it_up_one_announces_it(ministack: Aws) -> None:
    table = dynamo_table(ministack)
    for number in range(1, ROUNDS + 1):
        webhook = added(table.webhooks, a_webhook(number))

        won = at_once(
            *WRITERS * [partial(wins, table.webhooks.save, webhook.gone(NOW), was=webhook)]
        )

        assert won.count(True) == 1
        (event,) = table.outbox.unpublished(before=NOW, limit=10)
        table.outbox.published([event])


@contextmanager
def refusing(code: str, *reasons: str) -> Iterator[Webhooks]:
    """Webhooks whose next announced write is refused as no engine does it."""
    client = Aws().dynamodb
    fields = {"CancellationReasons": [{"Code": reason} for reason in reasons]} if reasons else {}
    with Stubber(client) as stubber:
        stubber.add_client_error("transact_write_items", code, modeled_fields=fields)
        yield DynamoWebhooks(client, table="table")


def test_an_announced_write_that_meets_another_has_lost() -> None:
    with (
        refusing("TransactionCanceledException", "TransactionConflict", "None") as webhooks,
        pytest.raises(VersionConflict),
    ):
        webhooks.save(a_webhook().gone(NOW), was=a_webhook())


def test_a_table_too_busy_to_write_is_no_conflict() -> None:
    with (
        refusing("TransactionCanceledException", "ThrottlingError") as webhooks,
        pytest.raises(ClientError),
    ):
        webhooks.save(a_webhook().gone(NOW), was=a_webhook())
