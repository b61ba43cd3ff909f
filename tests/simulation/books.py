"""What must hold for money: at every write, and when all is over."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.adapters.memory.ledger import MemoryLedger
from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.domain.submission import Submission
from tests.simulation.effects import Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

_MICRO = Decimal("0.000001")


def check_books(ledger: MemoryLedger, limits: Mapping[KeyId, Limits]) -> None:
    """Raise Violation where more is promised than there is, whatever is under way."""
    for key_id, its in limits.items():
        most, under_way = its.max_in_flight, ledger.in_flight[key_id]
        if under_way < 0 or (most is not None and under_way > most):
            raise Violation(f"{key_id}: {under_way} jobs are under way, allowed are {most}")
    for account in ledger.accounts.values():
        if account.committed > account.budget + account.overrun:
            raise Violation(f"{account}: more than the budget and its overrun")
        if account.spent < 0 or account.reserved < 0:
            raise Violation(f"{account}: less than nothing")


def the_books_balance(world: "World") -> None:
    """Compare with sums over the jobs, which are made here in another way."""
    jobs = world.store.ever()
    spent = _spent_by_key(world, jobs)
    accounts = {account.key_id: account for account in world.store.ledger.accounts.values()}
    if len(accounts) < len(world.store.ledger.accounts):
        raise Violation("a key has two accounts, though the story is over before its month is")
    for key_id, account in accounts.items():
        if account.reserved != 0:
            raise Violation(f"{account}: all is over, and money is reserved")
        if account.spent != spent[key_id]:
            raise Violation(f"{account}: the jobs have cost {spent[key_id]}")
    budgeted = {key for key, its in world.chronicle.limits.items() if its.budget is not None}
    if {key_id for key_id, cost in spent.items() if cost} & budgeted - accounts.keys():
        raise Violation(f"{spent} was spent, and there is no account")
    if any(world.store.ledger.in_flight.values()):
        raise Violation(f"all is over, and {world.store.ledger.in_flight} are under way")
    _usage_equals_the_ledger(world, jobs, spent)


def _usage_equals_the_ledger(world: "World", jobs: list[Job], spent: Counter[KeyId]) -> None:
    rows, by_key = Counter[str](), Counter[KeyId]()
    for line, counts in world.store.ledger.usage.get("default", {}).items():
        rows.update(counts)
        by_key[line.key_id] += counts["spent"]
    expected = (len(jobs), sum(len(job.images) for job in jobs))
    if (rows["jobs"], rows["images"]) != expected:
        raise Violation(f"usage tells of {rows}, there are {expected} jobs and images")
    if +by_key != +spent:
        raise Violation(f"usage tells of {by_key}, the jobs have cost {spent}")


def _spent_by_key(world: "World", jobs: list[Job]) -> Counter[KeyId]:
    """Return micro-dollars: what each key's attempts have cost."""
    spent = Counter[KeyId]()
    for job in jobs:
        for one in job.submissions:
            key_id = job.attempts[one.attempt - 1].key_id
            if key_id is None:
                raise Violation(f"{job.id}: nobody knows whose attempt {one.attempt} is")
            spent[key_id] += int(_cost(world, job, one) / _MICRO)
    return spent


def _cost(world: "World", job: Job, one: Submission) -> Decimal:
    """Return what was charged, and for what nobody knows the price of its images."""
    price = world.catalog.offer(job.model, one.provider).price
    untold = one.images_asked if one.charge is None else one.untold_images
    return (price.usd_per_image if price else Decimal(0)) * untold + (one.charge or Decimal(0))
