"""Usage: what jobs that are over have made and cost, counted in rows by day and whose they are.

A row counts the jobs that were admitted on its day. Like an account it is changed by the
difference that a job's step makes, so late results and retries correct what was counted before.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Final, NamedTuple

from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.settlement import costs

COUNTED: Final = (
    "jobs",
    "succeeded",
    "partial",
    "failed",
    "cancelled",
    "expired",
    "images",
    "spent",
    "estimated",  # the part of what is spent that no provider has told
    "unknown",  # jobs with such a part
)

type Counts = Counter[str]


class _Payer(NamedTuple):
    """Where money was spent, and by which key."""

    provider: str
    key_id: KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Whose usage a row counts; with a tag it is of that tag alone."""

    day: date
    model: str
    provider: str
    key_id: KeyId
    tag: str | None = None


def usage_of(job: Job) -> dict[Line, Counts]:
    """Return what a job counts for: once when it is over, and once for each tag.

    During a retry the cost of earlier attempts stays counted.
    """
    tags, counted = (None, *dict.fromkeys(job.tags)), _by_payer(job)
    return {_line(job, payer, tag): counts for tag in tags for payer, counts in counted.items()}


def usage_step(job: Job, *, was: Job | None) -> dict[Line, Counts]:
    """Return what is to be added to the rows for the step from `was` to `job`."""
    before = usage_of(was) if was else {}
    after = usage_of(job)
    steps = {}
    for line in after | before:
        more = after.get(line, Counter()).copy()
        more.subtract(before.get(line, Counter()))
        if changed := Counter({name: by for name, by in more.items() if by}):
            steps[line] = changed
    return steps


def summed(lines: Iterable[tuple[Line, Counts]], *, by: str) -> Mapping[str, Counts]:
    """Add rows up by one of their fields, in its order."""
    sums: dict[str, Counts] = {}
    for line, counts in lines:
        group = sums.setdefault(str(getattr(line, by)), Counter())
        group.update(counts)
    return dict(sorted(sums.items()))


def _by_payer(job: Job) -> dict[_Payer, Counts]:
    """A job counts at the provider and the key it ended with, money where it was charged."""
    found: dict[_Payer, Counts] = {}
    known = [cost for cost in costs(job) if job.is_terminal or cost.attempt <= job.attempts_before]
    for cost in known:
        payer = _Payer(cost.provider, job.key_of(cost.attempt))
        counts = found.setdefault(payer, Counter())
        counts["spent"] += cost.amount
        counts["estimated"] += cost.amount if cost.is_estimate else 0
    if job.is_terminal:
        mine = found.setdefault(_Payer(job.provider, job.payer), Counter())
        mine.update({"jobs": 1, job.status.value: 1, "images": len(job.images)})
        mine["unknown"] += any(cost.is_estimate for cost in known)
    return found


def _line(job: Job, payer: _Payer, tag: str | None) -> Line:
    return Line(
        day=job.created_at.astimezone(UTC).date(),
        model=job.model,
        provider=payer.provider,
        key_id=payer.key_id,
        tag=tag,
    )
