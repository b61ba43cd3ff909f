"""A look at what a key's limits would say to a new job: the same refusal, and nothing written."""

from dataclasses import replace

import pytest

from shared.domain.errors import BudgetExceeded, RateLimited, ServiceError, TooManyInFlight
from shared.domain.limits import UNLIMITED, Limits
from shared.ports.jobs import JobStore
from shared.ports.keys import Accounts
from tests.contract.samples import KEY, NOW, a_held_job

ONE_OF_EACH = (
    (Limits(budget=35_000), BudgetExceeded),
    (Limits(max_in_flight=1), TooManyInFlight),
    (Limits(rate=1), RateLimited),
)


@pytest.mark.parametrize(("limits", "refusal"), ONE_OF_EACH, ids=["budget", "in flight", "rate"])
def test_what_keeps_a_job_out_is_told_beforehand(
    jobs: JobStore, limits: Limits, refusal: type[ServiceError]
) -> None:
    for number in range(20):
        job = replace(a_held_job(number, limits=limits), created_at=NOW, opened_at=NOW)
        try:
            jobs.check(job, limits=limits)
        except refusal:
            break
        jobs.add(job, limits=limits)
    else:
        raise AssertionError("nothing keeps any job out")

    with pytest.raises(refusal):
        jobs.add(job, limits=limits)


@pytest.mark.parametrize("limits", [UNLIMITED, *(limits for limits, _ in ONE_OF_EACH)], ids=str)
def test_a_look_uses_up_nothing(jobs: JobStore, accounts: Accounts, limits: Limits) -> None:
    job = a_held_job(0, limits=limits)

    for _ in range(20):
        jobs.check(job, limits=limits)

    assert accounts.get({KEY: "2026-11"}) == {}
    jobs.add(job, limits=limits)
    assert jobs.get(job.id) == job
