"""Planted bugs of budgets: what is reserved, settled and given back."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final

from shared.adapters.memory.ledger import MemoryLedger
from shared.domain import settlement
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.status import JobStatus
from shared.usecases.admit_job import AdmitJob
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
    def broken(job: Job) -> Any:
        found = posting(job)
        kept = job.hold.reserved if job.hold else 0
        return replace(found, committed=max(found.committed, kept))

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


def _set_budget(ledger: MemoryLedger, job: Job, limits: Limits) -> None:
    window = job.hold.window if job.hold else ""
    account = ledger.accounts.get((job.key_id, window))
    if account and limits.budget:
        ledger.accounts[job.key_id, window] = replace(account, budget=limits.budget)


BROKEN_MONEY: Final = (
    Mutant(
        "reserve outside the transaction", MemoryLedger, "post", _reserves_outside_the_transaction
    ),
    Mutant("settle twice", MemoryLedger, "post", _settles_every_time),
    Mutant("release forgotten", settlement, "posting", _forgets_to_release),
    Mutant("budget checked before", AdmitJob, "__call__", _checks_the_budget_before),
    Mutant("never off the list of jobs under way", MemoryLedger, "post", _counts_up_alone),
)
