"""What a job holds of keys' money while it is open, and what it has cost when it is over.

Both follow from the job as it is written down. So who writes a job knows what to post, and a
write that never happened has posted nothing.

A job runs under the key that it was admitted with until another key retries it: each of the two
pays for the attempts that ran under it, in the window in which it began them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.domain.hold import Hold
from shared.domain.ids import KeyId
from shared.domain.job_facts import JobFacts
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.money import Micros, micros
from shared.domain.submission import Submission


class Cost(NamedTuple):
    """What one submission has cost, or is taken to have cost."""

    provider: str
    amount: Micros
    attempt: int
    is_estimate: bool = False


class AccountName(NamedTuple):
    """Whose account, in which window; without a window there is none, and jobs are counted."""

    key_id: KeyId
    window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a job stands for in the account of a key."""

    committed: Micros = 0  # spent or reserved
    spent: Micros = 0
    overrun: Micros = 0  # what providers charged above what was reserved
    unknown: int = 0  # whether part of it is an estimate
    accepted: int = 0
    in_flight: int = 0

    def since(self, was: "Posting") -> "Posting":
        """Return what is to be added to an account where `was` stands."""
        return Posting(
            committed=self.committed - was.committed,
            spent=self.spent - was.spent,
            overrun=self.overrun - was.overrun,
            unknown=self.unknown - was.unknown,
            accepted=self.accepted - was.accepted,
            in_flight=self.in_flight - was.in_flight,
        )

    def beside(self, other: "Posting") -> "Posting":
        """Return what two holds of one job stand for in one account: it is still one job."""
        return Posting(
            committed=self.committed + other.committed,
            spent=self.spent + other.spent,
            overrun=self.overrun + other.overrun,
            unknown=max(self.unknown, other.unknown),
            accepted=max(self.accepted, other.accepted),
            in_flight=self.in_flight + other.in_flight,
        )

    @property
    def moves_money(self) -> bool:
        return any((self.committed, self.spent, self.overrun, self.unknown, self.accepted))


NOTHING = Posting()


def costs(job: JobFacts) -> Iterator[Cost]:
    """Give the cost of each submission; images whose charge is not known cost their estimate."""
    for one in job.submissions:
        if one.charge is not None:
            yield Cost(one.provider, micros(one.charge), attempt=one.attempt)
        if one.untold:
            yield Cost(one.provider, _estimate(job, one), attempt=one.attempt, is_estimate=True)


def posting(job: JobFacts, hold: Hold) -> Posting:
    """Return what one of a job's holds stands for in its account."""
    is_open = not job.is_terminal and hold.last_attempt is None
    in_flight = int(hold.counted and is_open)
    if not hold.window:
        return Posting(in_flight=in_flight)
    if is_open:
        return Posting(
            committed=hold.reserved + hold.paid,
            spent=hold.paid,
            overrun=hold.overrun,
            accepted=1,
            in_flight=in_flight,
        )
    mine = [cost for cost in costs(job) if hold.covers(cost.attempt)]
    total = sum(cost.amount for cost in mine)
    return Posting(
        committed=total,
        spent=total,
        overrun=hold.overrun + max(0, total - hold.reserved - hold.paid),
        unknown=int(any(cost.is_estimate for cost in mine)),
        accepted=1,
    )


def account_of(job: JobFacts, hold: Hold) -> AccountName:
    return AccountName(hold.key_id or job.key_id, hold.window)


def postings(job: JobFacts) -> dict[AccountName, Posting]:
    """Return what a job stands for in each account that it touches."""
    found: dict[AccountName, Posting] = {}
    for hold in (*job.earlier_holds, *([job.hold] if job.hold else [])):
        name = account_of(job, hold)
        found[name] = found.get(name, NOTHING).beside(posting(job, hold))
    return found


def steps_of(job: JobFacts, was: JobFacts | None) -> Mapping[AccountName, Posting]:
    """Return what the step from `was` to `job` adds to each account that it moves."""
    before, after = postings(was) if was else {}, postings(job)
    names = dict.fromkeys((*before, *after))
    steps = {n: after.get(n, NOTHING).since(before.get(n, NOTHING)) for n in names}
    return {name: step for name, step in steps.items() if step != NOTHING}


def limits_of(name: AccountName, job: JobFacts, limits: Limits) -> Limits:
    """Return which of the limits of who takes the step bind an account: those of his own."""
    is_own = job.hold is not None and name == account_of(job, job.hold)
    return limits if is_own else UNLIMITED


def opens(job: JobFacts, was: JobFacts | None) -> bool:
    """Whether the step admits the job or retries it: it counts against its key's rate."""
    return was is None or job.retries > was.retries


def _estimate(job: JobFacts, one: Submission) -> Micros:
    ways = {leg.provider: leg.estimated_usd for leg in job.route}
    # A way that a retry has left out has no price.
    whole = ways.get(one.provider) if ways else job.estimated_usd
    return 0 if whole is None else micros(whole * one.untold / Decimal(job.input.n))
