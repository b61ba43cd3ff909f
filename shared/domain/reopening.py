"""A job that is tried again: whether it may be, where it may go, and whose money it holds."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from shared.domain.bounds import MOST_ATTEMPTS, MOST_KEYS
from shared.domain.errors import FieldError, TooManyAttempts, Unpriced
from shared.domain.failover import Leg
from shared.domain.hold import Hold
from shared.domain.ids import KeyId
from shared.domain.job_facts import JobFacts
from shared.domain.limits import Limits
from shared.domain.money import micros


def check_room(job: JobFacts, key_id: KeyId) -> None:
    """Raises TooManyAttempts where the record of the job has no room for a retry by this key."""
    if not job.may_begin_another or job.retries + 1 >= MOST_ATTEMPTS:
        raise _no_more(
            f"a job has at most {MOST_ATTEMPTS} attempts, and this one has no room for another"
        )
    if len(job.payers | {key_id}) > MOST_KEYS:
        raise _no_more(f"a job runs under at most {MOST_KEYS} keys")


def legs_within(job: JobFacts, limits: Limits) -> tuple[Leg, ...]:
    """Return the ways that a key with these limits may go. Raises Unpriced."""
    if limits.budget is None:
        return job.route
    priced = tuple(leg for leg in job.route if leg.estimated_usd is not None)
    if not priced and (job.route or job.estimated_usd is None):
        message = f"{job.model} has no price at {job.provider}, and this key has a budget"
        raise Unpriced([FieldError(pointer="/provider", code="unpriced", message=message)])
    return priced


def held_by[J: JobFacts](job: J, key_id: KeyId, limits: Limits, at: datetime) -> J:
    """Return the job as it holds of this key what the images cost that are still missing."""
    began = len(job.attempts)
    missing = max(0, job.input.n - len(job.images))
    estimate = (job.estimated_usd or Decimal(0)) * missing / job.input.n
    hold = Hold.under(
        limits, estimate=micros(estimate), at=at, key_id=key_id, first_attempt=began + 1
    )
    before = (job.hold.closed(began),) if job.hold else ()
    return replace(
        job,
        hold=hold,
        earlier_holds=(*job.earlier_holds, *before),
        retries=job.retries + 1,
        retried_by=key_id,
        attempts_before=began,
    )


def _no_more(why: str) -> TooManyAttempts:
    message = f"{why}: post it as a new job"
    return TooManyAttempts([FieldError(pointer="/attempts", code="too_many", message=message)])
