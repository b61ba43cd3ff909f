"""What must hold for money: at every write, and when all is over."""

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.adapters.memory.ledger import MemoryLedger
from shared.domain.job import Job
from shared.domain.limits import Limits
from tests.simulation.effects import Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

_MICRO = Decimal("0.000001")


def check_books(ledger: MemoryLedger, job: Job, limits: Limits) -> None:
    """Raise Violation where more is promised than there is, whatever is under way."""
    most, under_way = limits.max_in_flight, ledger.in_flight[job.key_id]
    if under_way < 0 or (most is not None and under_way > most):
        raise Violation(f"{job.id}: {under_way} jobs are under way, allowed are {most}")
    for account in ledger.accounts.values():
        if account.committed > account.budget + account.overrun:
            raise Violation(f"{account}: more than the budget and its overrun")
        if account.spent < 0 or account.reserved < 0:
            raise Violation(f"{account}: less than nothing")


def the_books_balance(world: "World") -> None:
    """Compare with sums over the jobs, which are made here in another way."""
    jobs = world.store.all()
    spent = Counter[str]()
    for job in jobs:
        if job.hold and job.hold.window:
            spent[job.hold.window] += _cost(world, job)
    for account in world.store.ledger.accounts.values():
        if account.reserved != 0:
            raise Violation(f"{account}: all is over, and money is reserved")
        if account.spent != spent[account.window]:
            raise Violation(f"{account}: the jobs have cost {spent[account.window]}")
    left = {window for window, cost in spent.items() if cost}
    if left - {account.window for account in world.store.ledger.accounts.values()}:
        raise Violation(f"{spent} was spent, and there is no account")
    if any(world.store.ledger.in_flight.values()):
        raise Violation(f"all is over, and {world.store.ledger.in_flight} are under way")
    _usage_equals_the_ledger(world, jobs)


def _usage_equals_the_ledger(world: "World", jobs: list[Job]) -> None:
    rows = Counter[str]()
    for counts in world.store.ledger.usage.get("default", {}).values():
        rows.update(counts)
    expected = (len(jobs), sum(len(job.images) for job in jobs))
    if (rows["jobs"], rows["images"]) != expected:
        raise Violation(f"usage tells of {rows}, there are {expected} jobs and images")
    cost = sum(_cost(world, job) for job in jobs)
    if rows["spent"] != cost:
        raise Violation(f"usage tells of {rows['spent']}, the jobs have cost {cost}")


def _cost(world: "World", job: Job) -> int:
    """Return micro-dollars: what was charged, and for what nobody knows the price of its images."""
    total = Decimal(0)
    for one in job.submissions:
        if one.charge is not None:
            total += one.charge
        else:
            price = world.catalog.offer(job.model, one.provider).price
            total += (price.usd_per_image if price else Decimal(0)) * one.images_asked
    return int(total / _MICRO)
