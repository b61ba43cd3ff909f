"""Deliveries: planned once, claimed by one, due when they say, listed newest first."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from shared.adapters.dynamodb.deliveries import DynamoDeliveries
from shared.adapters.dynamodb.transactions import TRIES
from shared.adapters.dynamodb.webhook_items import delivery_item
from shared.adapters.sqs import SqsDeliverQueue, read_delivery_message
from shared.domain.delivery import KEPT_ANSWER, SCHEDULE, Delivery, Try
from shared.domain.errors import Busy, DeliveryNotFound, InvalidRequest, VersionConflict
from shared.domain.ids import DeliveryId, EventId, JobId, KeyId, WebhookId, ulid
from shared.domain.job import Job
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from shared.ports.webhooks import Deliveries
from tests.contract.aws import Aws
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.test_races import ROUNDS, WRITERS, at_once, wins
from tests.contract.worlds import dynamo_table

URL = "https://shop.example/hook"
ALL_DAY = NOW + 1440 * MINUTE
_LONGEST_ITEM = 400 * 1024
_LONGEST_DETAIL = 20 * 1024


def a_delivery(number: int = 0, *, tenant: str = "acme") -> Delivery:
    """Delivery `number` was planned, and is due, that many minutes after NOW."""
    at = NOW + number * MINUTE
    return Delivery(
        id=DeliveryId(f"dlv_{ulid(at, number.to_bytes(10))}"),
        tenant=tenant,
        url=URL,
        message_id=EventId("evt_1_1"),
        event_type="job.succeeded",
        body='{"id":"evt_1_1"}',
        due_at=at,
        created_at=at,
        updated_at=at,
    )


def a_try(answer: str = "") -> Try:
    return Try(at=NOW, milliseconds=15000, status=500, answer=answer)


def added(deliveries: Deliveries, delivery: Delivery) -> Delivery:
    assert deliveries.add(delivery)
    return delivery


def test_every_field_is_read_as_it_was_written(deliveries: Deliveries) -> None:
    full = replace(
        a_delivery().failed(a_try('"ü🦊"\n'), NOW, chance=0.5, wait=None),
        webhook_id=WebhookId("wh_1"),
        key_id=KeyId("k"),
        job_id=JobId("job_1"),
        tries=(Try(at=NOW, milliseconds=3, error="no connection"), a_try()),
    )
    added(deliveries, full)

    assert deliveries.get(full.id) == full


def test_what_was_never_planned_is_not_there(deliveries: Deliveries) -> None:
    with pytest.raises(DeliveryNotFound):
        deliveries.get(a_delivery().id)


def test_planning_twice_leaves_the_first_as_it_is_by_now(deliveries: Deliveries) -> None:
    first = added(deliveries, a_delivery())
    claimed = first.claimed(NOW, url=URL)
    deliveries.save(claimed, was=first)

    assert not deliveries.add(a_delivery())
    assert deliveries.get(first.id) == claimed


def test_of_two_who_claim_it_the_second_loses(deliveries: Deliveries) -> None:
    delivery = added(deliveries, a_delivery())
    deliveries.save(delivery.claimed(NOW, url=URL), was=delivery)

    with pytest.raises(VersionConflict):
        deliveries.save(delivery.claimed(NOW, url=URL), was=delivery)


def test_what_is_not_there_cannot_be_written_over(deliveries: Deliveries) -> None:
    with pytest.raises(VersionConflict):
        deliveries.save(a_delivery().claimed(NOW, url=URL), was=a_delivery())


def test_those_whose_turn_it_is_come_longest_due_first(deliveries: Deliveries) -> None:
    made = [added(deliveries, a_delivery(number)) for number in range(12)]

    due = deliveries.due(before=NOW + 10 * MINUTE, limit=100)

    assert [(one.id, one.due_at) for one in due] == [(one.id, one.due_at) for one in made[:11]]
    assert list(deliveries.due(before=NOW + 10 * MINUTE, limit=4)) == list(due)[:4]


def test_what_is_over_is_not_due_and_what_is_sent_anew_is(deliveries: Deliveries) -> None:
    delivery = added(deliveries, a_delivery())
    done = delivery.delivered(a_try(), NOW)
    deliveries.save(done, was=delivery)
    assert list(deliveries.due(before=ALL_DAY, limit=10)) == []

    deliveries.save(done.resent(NOW + MINUTE), was=done)

    (due,) = deliveries.due(before=ALL_DAY, limit=10)
    assert (due.id, due.due_at) == (delivery.id, NOW + MINUTE)


def test_a_tenants_are_listed_newest_first_page_by_page(deliveries: Deliveries) -> None:
    made = [added(deliveries, a_delivery(number)) for number in range(5)]
    added(deliveries, a_delivery(9, tenant="other"))

    first = deliveries.newest("acme", limit=3, cursor=None)
    second = deliveries.newest("acme", limit=3, cursor=first.cursor)

    assert list(first.deliveries + second.deliveries) == made[::-1]
    assert second.cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "ü", "am9iXzAx", "%00", "a" * 10_000])
def test_a_cursor_of_no_list_is_refused(deliveries: Deliveries, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        deliveries.newest("acme", limit=3, cursor=cursor)


def test_a_cursor_does_not_leave_its_tenant(deliveries: Deliveries) -> None:
    for number in range(4):
        added(deliveries, a_delivery(number))
    cursor = deliveries.newest("acme", limit=2, cursor=None).cursor

    assert deliveries.newest("other", limit=2, cursor=cursor).deliveries == ()


def test_deliveries_and_jobs_do_not_meet(
    deliveries: Deliveries, jobs: JobStore, outbox: Outbox
) -> None:
    jobs.add(a_job())
    added(deliveries, a_delivery())

    assert jobs.newest("acme", limit=10, cursor=None).jobs == (a_job(),)
    assert [job.id for job in jobs.due(before=ALL_DAY)] == [a_job().id]
    assert [event.type for event in outbox.unpublished(before=ALL_DAY, limit=9)] == ["job.accepted"]


def test_only_what_is_over_is_forgotten_by_the_table() -> None:
    pending = a_delivery()
    over = pending.given_up(None, NOW)

    assert "expires_at" not in delivery_item(pending)
    expires = int((NOW + timedelta(days=30)).timestamp())
    assert delivery_item(over)["expires_at"] == {"N": str(expires)}
    assert "expires_at" not in delivery_item(over.resent(NOW))


def test_the_worst_receivers_answers_fit_into_an_item() -> None:
    delivery = replace(a_delivery(), body="x" * _LONGEST_DETAIL)
    for _ in range(3 * len(SCHEDULE)):
        delivery = delivery.failed(a_try(KEPT_ANSWER * "\ufffd"), NOW, chance=0, wait=None)

    assert sum(len(str(value)) for value in delivery_item(delivery).values()) < _LONGEST_ITEM / 4


def test_the_stream_tells_publish_nothing_of_a_delivery() -> None:
    assert "event_id" not in delivery_item(a_delivery())  # what the mapping's filter looks for


def test_a_delivery_is_handed_on_by_its_id() -> None:
    with mock_aws():
        aws = Aws()
        url = aws.new_queue()

        SqsDeliverQueue(aws.sqs, url=url).send(a_delivery().id)

        assert list(map(read_delivery_message, aws.receive(url))) == [a_delivery().id]


@pytest.mark.engine
def test_of_all_who_claim_it_at_once_one_may_send_it(ministack: Aws) -> None:
    deliveries = dynamo_table(ministack).deliveries
    for number in range(ROUNDS):
        delivery = added(deliveries, a_delivery(number))

        claimed = delivery.claimed(NOW, url=URL)
        won = at_once(*WRITERS * [partial(wins, deliveries.save, claimed, was=delivery)])

        assert won.count(True) == 1


class TestRemovingAJobs:
    """What is planned for a job goes with it, and nothing is planned for it any more."""

    def test_all_of_its_deliveries_go_whatever_their_state_and_no_others(
        self, jobs: JobStore, deliveries: Deliveries
    ) -> None:
        first, second, third = (of_job(a_job(), number) for number in range(3))
        for one in (first, second, third, of_job(a_job(1), 3), a_delivery(4)):
            added(deliveries, one)
        deliveries.save(second.claimed(NOW, url=URL), was=second)
        deliveries.save(third.delivered(a_try(), NOW), was=third)
        jobs.add(a_job())

        deliveries.remove_of(a_job())

        left = deliveries.newest("acme", limit=10, cursor=None).deliveries
        assert [one.id for one in left] == [a_delivery(4).id, a_delivery(3).id]
        for gone in (first, second, third):
            with pytest.raises(DeliveryNotFound):
                deliveries.get(gone.id)

    def test_one_under_way_does_not_come_back(self, deliveries: Deliveries) -> None:
        planned = added(deliveries, of_job(a_job()))
        claimed = planned.claimed(NOW, url=URL)
        deliveries.save(claimed, was=planned)

        deliveries.remove_of(a_job())

        with pytest.raises(VersionConflict):
            deliveries.save(claimed.delivered(a_try(), NOW), was=claimed)
        assert deliveries.newest("acme", limit=10, cursor=None).deliveries == ()

    def test_none_is_added_for_an_event_of_before(self, deliveries: Deliveries) -> None:
        deliveries.remove_of(replace(a_job(), version=3))

        assert not deliveries.add(of_job(a_job(), version=1))
        assert not deliveries.add(of_job(a_job(), version=3))
        assert deliveries.add(of_job(a_job(1), 1))
        assert deliveries.add(a_delivery(2))
        left = deliveries.newest("acme", limit=10, cursor=None).deliveries
        assert [one.id for one in left] == [a_delivery(2).id, a_delivery(1).id]

    def test_a_job_that_was_retried_meanwhile_is_told_of_again(
        self, deliveries: Deliveries
    ) -> None:
        deliveries.remove_of(replace(a_job(), version=9))

        assert deliveries.add(of_job(a_job(), version=10))

    def test_of_a_job_without_any_nothing_is_removed(self, deliveries: Deliveries) -> None:
        added(deliveries, a_delivery())

        deliveries.remove_of(a_job())

        assert deliveries.get(a_delivery().id) == a_delivery()

    def test_what_is_interrupted_can_be_done_again(self, deliveries: Deliveries) -> None:
        for number in range(3):
            added(deliveries, of_job(a_job(), number))

        deliveries.remove_of(a_job())
        deliveries.remove_of(a_job())

        assert deliveries.newest("acme", limit=10, cursor=None).deliveries == ()


def test_a_delivery_that_is_sent_anew_all_the_time_is_forgotten_all_the_same() -> None:
    late = (
        a_delivery().resent(NOW + timedelta(days=89)).delivered(a_try(), NOW + timedelta(days=89))
    )

    expires = int((NOW + timedelta(days=90)).timestamp())
    assert delivery_item(late)["expires_at"] == {"N": str(expires)}


def of_job(job: Job, number: int = 0, *, version: int = 1) -> Delivery:
    message_id = EventId(f"evt_{job.id.removeprefix('job_')}_{version}")
    return replace(a_delivery(number), job_id=job.id, message_id=message_id)


def test_a_row_that_is_contended_is_tried_again_and_then_told() -> None:
    client = Aws().dynamodb
    reasons = [{"Code": code} for code in ("None", "TransactionConflict", "None")]
    with Stubber(client) as stubber:
        for _ in range(TRIES):
            stubber.add_client_error(
                "transact_write_items",
                "TransactionCanceledException",
                modeled_fields={"CancellationReasons": reasons},
            )
        with pytest.raises(Busy):
            DynamoDeliveries(client, table="table").add(of_job(a_job()))


def test_a_deleted_jobs_deliveries_are_closed(deliveries: Deliveries) -> None:
    assert not deliveries.is_closed(a_job().id)

    deliveries.remove_of(a_job())

    assert deliveries.is_closed(a_job().id)
    assert not deliveries.is_closed(a_job(1).id)


def test_removing_beside_a_transaction_is_done_again_and_has_an_end() -> None:
    client = Aws().dynamodb
    with Stubber(client) as stubber:
        stubber.add_client_error("put_item", "TransactionConflictException")
        stubber.add_response("put_item", {})
        stubber.add_response("query", {"Items": []})
        DynamoDeliveries(client, table="table").remove_of(a_job())
        for _ in range(TRIES):
            stubber.add_client_error("put_item", "TransactionConflictException")
        with pytest.raises(Busy):
            DynamoDeliveries(client, table="table").remove_of(a_job())


@pytest.mark.parametrize("code", ["TransactionConflict", "ConditionalCheckFailed"])
def test_a_save_beside_another_write_has_lost(code: str) -> None:
    delivery = a_delivery()
    client = Aws().dynamodb
    with Stubber(client) as stubber:
        stubber.add_client_error("put_item", f"{code}Exception")
        with pytest.raises(VersionConflict):
            DynamoDeliveries(client, table="table").save(delivery, was=delivery)


def test_a_save_that_fails_for_another_reason_says_so() -> None:
    delivery = a_delivery()
    client = Aws().dynamodb
    with Stubber(client) as stubber:
        stubber.add_client_error("put_item", "ThrottlingException")
        with pytest.raises(ClientError):
            DynamoDeliveries(client, table="table").save(delivery, was=delivery)
