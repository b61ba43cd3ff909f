"""What a job holds of its key's money while it is open, and what it has cost when it is over.

Both follow from the job as it is written down. So who writes a job knows what to post, and a
write that never happened has posted nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from shared.domain.hold import Hold
from shared.domain.job_facts import JobFacts
from shared.domain.money import Micros, micros
from shared.domain.submission import Submission


class Cost(NamedTuple):
    """What one submission has cost, or is taken to have cost."""

    provider: str
    amount: Micros
    is_estimate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a job stands for in its key's account."""

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

    @property
    def moves_money(self) -> bool:
        return any((self.committed, self.spent, self.overrun, self.unknown, self.accepted))


NOTHING = Posting()


def costs(job: JobFacts) -> Iterator[Cost]:
    """Give the cost of each submission; one whose charge is not known costs its estimate."""
    for one in job.submissions:
        if one.charge is not None:
            yield Cost(one.provider, micros(one.charge), is_estimate=False)
        else:
            yield Cost(one.provider, _estimate(job, one), is_estimate=True)


def spent(job: JobFacts) -> Micros:
    return sum(cost.amount for cost in costs(job))


def is_unknown(job: JobFacts) -> bool:
    return any(cost.is_estimate for cost in costs(job))


def posting(job: JobFacts) -> Posting:
    hold = job.hold
    if hold is None:
        return NOTHING
    if not job.is_terminal:
        return Posting(
            committed=hold.reserved + hold.paid,
            spent=hold.paid,
            overrun=hold.overrun,
            accepted=1,
            in_flight=1,
        )
    total = spent(job)
    return Posting(
        committed=total,
        spent=total,
        overrun=hold.overrun + max(0, total - hold.reserved - hold.paid),
        unknown=int(is_unknown(job)),
        accepted=1,
    )


def step_of(job: JobFacts, was: JobFacts | None) -> Posting:
    """Return what the step from `was` to `job` adds to the account."""
    return posting(job).since(posting(was) if was else NOTHING)


def held_again(job: JobFacts) -> Hold | None:
    """Return the hold of a job that is over and is tried anew: what is spent stays spent."""
    now = posting(job)
    return job.hold and replace(job.hold, paid=now.spent, overrun=now.overrun)


def _estimate(job: JobFacts, one: Submission) -> Micros:
    ways = {leg.provider: leg.estimated_usd for leg in job.route}
    whole = ways.get(one.provider, job.estimated_usd)
    return 0 if whole is None else micros(whole * one.images_asked / Decimal(job.input.n))
