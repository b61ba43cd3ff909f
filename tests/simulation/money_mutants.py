"""Planted bugs of budgets: what is reserved, settled and given back."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

from shared.adapters.memory.ledger import MemoryLedger
from shared.api import intake
from shared.api.reading import read
from shared.api.requests import JobRequest
from shared.domain import settlement
from shared.domain.api_key import ApiKey
from shared.domain.hold import Hold
from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.status import JobStatus
from shared.usecases.admit_job import AdmitJob
from shared.usecases.lifecycle import RetryJob
from tests.simulation.mutant import Mutant, Original


def _reserves_outside_the_transaction(post: Original) -> Any:
    """The reservation is a write of its own, which a crash forgets: here it always does."""

    def broken(self: MemoryLedger, job: Job, *, was: Job | None, **limits: Any) -> Any:
        return () if was is None else post(self, job, was=was, **limits)

    return broken


def _settles_every_time(post: Original) -> Any:
    def broken(self: MemoryLedger, job: Job, *, was: Job | None, **limits: Any) -> Any:
        if was and was.is_terminal and job.is_terminal:
            was = replace(was, status=JobStatus.PROCESSING)
        return post(self, job, was=was, **limits)

    return broken


def _forgets_to_release(posting: Original) -> Any:
    def broken(job: Job, hold: Hold) -> Any:
        found = posting(job, hold)
        return replace(found, committed=max(found.committed, hold.reserved))

    return broken


def _checks_the_budget_before(admit: Original) -> Any:
    def broken(self: AdmitJob, wish: Any, *, key: Any, **parts: Any) -> Any:
        store: Any = self.jobs

        def add(job: Job, *, limits: Limits, **more: Any) -> None:
            store._inner.ledger.check(job, was=None, limits=limits)  # and then something happens
            store.add(job, limits=UNLIMITED, **more)
            _set_budget(store._inner.ledger, job, limits)

        blind = replace(self, jobs=SimpleNamespace(add=add, admitted=store.admitted))
        return admit(blind, wish, key=key, **parts)

    return broken


def _counts_up_alone(post: Original) -> Any:
    def broken(self: MemoryLedger, job: Job, **step: Any) -> Any:
        before = self.in_flight[job.key_id]
        alarms = post(self, job, **step)
        self.in_flight[job.key_id] = max(before, self.in_flight[job.key_id])
        return alarms

    return broken


def _retries_past_a_budget(retry: Original) -> Any:
    """The attempt is held on the caller's account, and nobody looks whether there is room."""

    def broken(self: RetryJob, job: Job, *, key: ApiKey) -> Any:
        store: Any = self.jobs

        def save(job: Job, *, was: Job, limits: Limits) -> None:
            store.save(job, was=was)
            _set_budget(store._inner.ledger, job, limits)

        return retry(replace(self, jobs=SimpleNamespace(get=store.get, save=save)), job, key=key)

    return broken


def _retries_on_the_first_key(reopened: Original) -> Any:
    def broken(self: Job, at: Any, *, key_id: KeyId, limits: Limits) -> Any:
        del key_id
        return reopened(self, at, key_id=self.key_id, limits=limits)

    return broken


def _late_charges_follow_the_job(covers: Original) -> Any:
    """What an attempt costs in the end is posted where the job stands by then."""
    del covers
    return lambda self, attempt: self.last_attempt is None and attempt > 0


def _drops_dry_run(_: Original) -> Any:
    return lambda text, now: read(JobRequest, text).wish(now)


def _set_budget(ledger: MemoryLedger, job: Job, limits: Limits) -> None:
    name = settlement.account_of(job, job.hold or Hold())
    account = ledger.accounts.get(name)
    if account and limits.budget:
        ledger.accounts[name] = replace(account, budget=limits.budget)


BROKEN_MONEY: Final = (
    Mutant(
        "reserve outside the transaction", MemoryLedger, "post", _reserves_outside_the_transaction
    ),
    Mutant("settle twice", MemoryLedger, "post", _settles_every_time),
    Mutant("release forgotten", settlement, "posting", _forgets_to_release),
    Mutant("budget checked before", AdmitJob, "__call__", _checks_the_budget_before),
    Mutant("retry past a budget", RetryJob, "__call__", _retries_past_a_budget),
    Mutant("retry on the first key", Job, "reopened", _retries_on_the_first_key),
    Mutant("late charges follow the job", Hold, "covers", _late_charges_follow_the_job),
    Mutant("dry_run dropped", intake, "read_wish", _drops_dry_run),
    Mutant("never off the list of jobs under way", MemoryLedger, "post", _counts_up_alone),
)
