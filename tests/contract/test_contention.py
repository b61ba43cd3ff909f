"""Rows that many jobs write: a conflict there is waited out, and told apart from what is wrong.

The embedded engine has no such conflicts, so a client brings them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.adapters.dynamodb.books import DynamoAccounts
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.transactions import BackOff
from shared.adapters.memory.messages import VirtualClock
from shared.domain.errors import Busy, VersionConflict
from shared.domain.limits import Limits
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import KEY, NOW, a_held_job, claimed, finished, submitted

pytestmark = pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)

LIMITS = Limits(budget=1_000_000, max_in_flight=50, rate=50)
SECOND = timedelta(seconds=1)
SHARED = ("account#", "usage#")


@dataclass
class Crowded:
    """A client whose next transactions meet others on the rows that jobs share."""

    inner: Any
    reason: str = "TransactionConflict"
    conflicts: int = 0
    tried: int = 0
    exceptions: Any = field(init=False)

    def __post_init__(self) -> None:
        self.exceptions = self.inner.exceptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, *, TransactItems: list[Any]) -> Any:  # noqa: N803  # boto3's
        self.tried += 1
        if self.conflicts == 0:
            return self.inner.transact_write_items(TransactItems=TransactItems)
        self.conflicts -= 1
        reasons = [{"Code": self.reason if _is_shared(item) else "None"} for item in TransactItems]
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
            "CancellationReasons": reasons,
        }
        raise self.inner.exceptions.TransactionCanceledException(answer, "TransactWriteItems")


def _is_shared(item: Any) -> bool:
    return "Update" in item and item["Update"]["Key"]["pk"]["S"].startswith(SHARED)


@dataclass
class Stage:
    client: Crowded
    clock: VirtualClock
    jobs: DynamoJobStore
    accounts: DynamoAccounts


@pytest.fixture
def stage(aws: Aws) -> Stage:
    table, client = aws.new_table(), Crowded(aws.dynamodb)
    clock = VirtualClock(NOW)
    back_off = BackOff(clock=clock, random_bytes=lambda count: b"\x80" * count)
    return Stage(
        client=client,
        clock=clock,
        jobs=DynamoJobStore(client, table=table, back_off=back_off),  # type: ignore[arg-type]  # as a client
        accounts=DynamoAccounts(client, table=table),  # type: ignore[arg-type]  # as a client
    )


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_conflict_is_waited_out(stage: Stage, reason: str) -> None:
    stage.client.reason, stage.client.conflicts = reason, 5
    job = a_held_job(limits=LIMITS)

    stage.jobs.add(job, limits=LIMITS)

    assert stage.jobs.get(job.id) == job
    assert stage.client.tried == 6
    # Half of 100, 200, 400, 800 and 1600 ms: the random bytes are in the middle.
    assert stage.clock.now() - NOW == pytest.approx(1.55 * SECOND, abs=SECOND / 10)
    assert stage.accounts.get({KEY: "2026-11"})[KEY].accepted == 1


def test_a_crowd_that_does_not_end_is_told_as_busy(stage: Stage) -> None:
    stage.client.conflicts = 6

    with pytest.raises(Busy) as refusal:
        stage.jobs.add(a_held_job(limits=LIMITS), limits=LIMITS)

    assert refusal.value.retry_after_seconds == 1
    assert stage.accounts.get({KEY: "2026-11"}) == {}


def test_a_job_that_cannot_be_settled_now_is_settled_later(stage: Stage) -> None:
    job = a_held_job(limits=LIMITS)
    sent = submitted(claimed(job))
    stage.jobs.add(job, limits=LIMITS)
    stage.jobs.save(claimed(job), was=job)
    stage.jobs.save(sent, was=claimed(job))

    stage.client.conflicts = 6
    with pytest.raises(VersionConflict):
        stage.jobs.save(finished(sent), was=sent)
    assert stage.jobs.get(job.id) == sent
    stage.jobs.save(finished(sent), was=sent)

    account = stage.accounts.get({KEY: "2026-11"})[KEY]
    assert (account.reserved, account.spent) == (0, 35_000)


def test_what_is_wrong_otherwise_goes_on_as_it_is(stage: Stage) -> None:
    stage.client.reason, stage.client.conflicts = "ValidationError", 1

    with pytest.raises(ClientError):
        stage.jobs.add(a_held_job(limits=LIMITS), limits=LIMITS)

    assert stage.client.tried == 1
