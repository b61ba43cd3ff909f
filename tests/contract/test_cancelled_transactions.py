"""What DynamoDB says when it cancels a write of several items, as no engine says it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.dynamodb.admissions import admission_item
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.transactions import TRIES
from shared.domain.errors import AlreadyAdmitted, Busy, TaskTaken, VersionConflict
from shared.ports.jobs import Admission, Idempotency
from tests.contract.aws import Aws
from tests.contract.samples import NOW, a_job, claimed, submitted

CONFLICTS = ["ConditionalCheckFailed", "TransactionConflict"]
ADMISSION = Admission(
    idempotency=Idempotency(key="key", fingerprint="request"),
    answer="answer",
    expires_at=NOW + timedelta(days=1),
)


@contextmanager
def cancelled_for(*reasons: str, known: Admission | None = None) -> Iterator[DynamoJobStore]:
    """A store whose next write is cancelled for these reasons, one for each item."""
    client = Aws().dynamodb
    fields = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "transact_write_items", "TransactionCanceledException", modeled_fields=fields
        )
        stubber.add_response(
            "get_item", {"Item": admission_item(known, a_job().id)} if known else {}
        )
        yield DynamoJobStore(client, table="table")


@pytest.mark.parametrize("reason", CONFLICTS)
def test_who_meets_another_writer_has_lost(reason: str) -> None:
    with cancelled_for(reason, "None") as jobs, pytest.raises(VersionConflict):
        jobs.add(a_job())


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_table_too_busy_to_write_is_no_conflict(reason: str) -> None:
    with cancelled_for("None", reason) as jobs, pytest.raises(ClientError):
        jobs.add(a_job())


@pytest.mark.parametrize("code", ["ConditionalCheckFailed", "TransactionConflict"])
def test_who_writes_one_item_that_a_transaction_holds_has_lost(code: str) -> None:
    job, client = a_job(), Aws().dynamodb
    jobs = DynamoJobStore(client, table="table")

    with Stubber(client) as stubber:
        stubber.add_client_error("put_item", f"{code}Exception")
        with pytest.raises(VersionConflict):
            jobs.save(claimed(job), was=job)  # announces nothing: it is one item


@contextmanager
def removals(*cancelled: tuple[str, ...], tombstone: bool = True) -> Iterator[DynamoJobStore]:
    """A store whose removals are cancelled for these reasons, one after the other."""
    client = Aws().dynamodb
    row = admission_item(ADMISSION, ADMITTED.id)
    with Stubber(client) as stubber:
        for reasons in cancelled:
            stubber.add_response("get_item", {"Item": row} if tombstone else {})
            stubber.add_response("query", {"Items": []})
            fields = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
            if set(reasons) == {"None"}:
                stubber.add_response("transact_write_items", {})
            else:
                stubber.add_client_error(
                    "transact_write_items", "TransactionCanceledException", modeled_fields=fields
                )
        yield DynamoJobStore(client, table="table")
        stubber.assert_no_pending_responses()


ADMITTED = replace(a_job(), admission_key=ADMISSION.idempotency.key)


@pytest.mark.parametrize("reason", CONFLICTS)
def test_who_removes_a_job_that_another_moves_has_lost(reason: str) -> None:
    with removals((reason, "None")) as jobs, pytest.raises(VersionConflict):
        jobs.remove(ADMITTED)


@pytest.mark.parametrize("reason", CONFLICTS)
def test_a_key_that_moves_while_its_job_is_removed_is_read_again(reason: str) -> None:
    with removals(("None", reason), ("None", "None")) as jobs:
        jobs.remove(ADMITTED)


def test_a_key_that_moves_all_the_time_lets_nobody_remove_its_job() -> None:
    moves = ("None", "TransactionConflict")

    with removals(*TRIES * [moves]) as jobs, pytest.raises(Busy):
        jobs.remove(ADMITTED)


def test_a_task_refused_means_that_it_is_taken() -> None:
    job = claimed(a_job())

    with cancelled_for("None", "None", "ConditionalCheckFailed") as jobs, pytest.raises(TaskTaken):
        jobs.save(submitted(job), was=job)


@pytest.mark.parametrize("reason", CONFLICTS)
def test_a_key_that_was_just_used_is_looked_up(reason: str) -> None:
    store = cancelled_for("None", "None", reason, known=ADMISSION)

    with store as jobs, pytest.raises(AlreadyAdmitted) as admitted:
        jobs.add(a_job(), admission=ADMISSION)

    assert admitted.value.answer == "answer"


def test_a_key_in_use_at_this_moment_is_a_conflict() -> None:
    store = cancelled_for("None", "None", "TransactionConflict")

    with store as jobs, pytest.raises(VersionConflict, match="at this moment"):
        jobs.add(a_job(), admission=ADMISSION)


def test_a_key_that_has_expired_is_never_answered_from() -> None:
    expired = replace(ADMISSION, answer="of yesterday", expires_at=NOW)
    store = cancelled_for("None", "None", "TransactionConflict", known=expired)

    with store as jobs, pytest.raises(VersionConflict):
        jobs.add(a_job(1), admission=ADMISSION)
