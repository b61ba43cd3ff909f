"""Several processes on one account, each of which remembers how it was when it last looked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from shared.adapters.dynamodb.books import DynamoAccounts
from shared.adapters.dynamodb.jobs import DynamoJobStore
from shared.adapters.dynamodb.outbox import DynamoOutbox
from shared.domain.account import Account
from shared.domain.errors import BudgetExceeded
from shared.domain.limits import Limits
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import KEY, NOW, a_held_job

pytestmark = pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)

TEN_JOBS = Limits(budget=350_000)


@dataclass
class Firm:
    """One table, and a store for each process that works on it."""

    new_store: Callable[[], DynamoJobStore]
    accounts: DynamoAccounts
    outbox: DynamoOutbox

    @property
    def account(self) -> Account:
        return self.accounts.get({KEY: "2026-11"})[KEY]

    @property
    def told(self) -> list[str]:
        waiting = self.outbox.unpublished(before=NOW + timedelta(days=1), limit=100)
        return sorted(one.id for one in waiting if one.type == "budget.threshold")


@pytest.fixture
def firm(aws: Aws) -> Firm:
    client, table = aws.dynamodb, aws.new_table()
    return Firm(
        new_store=partial(DynamoJobStore, client, table=table),
        accounts=DynamoAccounts(client, table=table),
        outbox=DynamoOutbox(client, table=table),
    )


def add(store: DynamoJobStore, *numbers: int) -> None:
    for number in numbers:
        store.add(a_held_job(number, limits=TEN_JOBS), limits=TEN_JOBS)


def test_what_another_has_spent_meanwhile_is_not_spent_again(firm: Firm) -> None:
    ours, theirs = firm.new_store(), firm.new_store()
    add(ours, 0)
    add(theirs, *range(1, 10))

    with pytest.raises(BudgetExceeded):
        add(ours, 10)
    with pytest.raises(BudgetExceeded) as refusal:
        add(ours, 11)

    assert refusal.value.facts["left_usd"] == "0.000000"
    assert firm.account.accepted == 10


def test_no_threshold_is_passed_in_silence_or_announced_twice(firm: Firm) -> None:
    ours, theirs = firm.new_store(), firm.new_store()
    add(ours, 0)
    add(theirs, 1, 2, 3, 4)  # half of it, and told
    add(ours, 5, 6)
    add(theirs, 7)  # four fifths
    add(ours, 8, 9)  # all of it

    assert firm.account.told == 100
    assert firm.told == sorted(f"evt_{KEY}.2026-11_{share}" for share in (50, 80, 100))


def test_money_that_another_gave_back_can_be_spent_by_who_saw_it_gone(firm: Firm) -> None:
    ours, theirs = firm.new_store(), firm.new_store()
    add(ours, *range(10))
    with pytest.raises(BudgetExceeded):
        add(ours, 10)

    job = a_held_job(3, limits=TEN_JOBS)
    theirs.save(job.cancelled(NOW), was=job)
    add(ours, 11)

    assert (firm.account.accepted, firm.account.left) == (11, 0)
