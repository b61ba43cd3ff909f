"""Accounts, rates and usage in memory, under the same rules as in the table."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from shared.domain.account import Account
from shared.domain.events import Event, budget_alarm
from shared.domain.ids import KeyId
from shared.domain.job import Job
from shared.domain.limits import Limits, Slot
from shared.domain.refusals import beyond_budget, too_fast, too_many
from shared.domain.settlement import AccountName, Posting, limits_of, opens, steps_of
from shared.domain.usage import Counts, Line, usage_step


class MemoryLedger:
    def __init__(self) -> None:
        self.accounts: dict[tuple[KeyId, str], Account] = {}
        self.in_flight: Counter[KeyId] = Counter()
        self.usage: dict[str, dict[Line, Counts]] = {}
        self._slots: Counter[tuple[KeyId, Slot]] = Counter()

    def check(self, job: Job, *, was: Job | None, limits: Limits) -> None:
        """Raises what keeps the step from being taken."""
        for name, step in steps_of(job, was).items():
            self._check_step(name, step, limits_of(name, job, limits))
        slot = limits.slot_at(job.opened_at)
        if slot and opens(job, was) and self._slots[job.payer, slot] >= slot.room:
            raise too_fast(slot, job.opened_at)

    def _check_step(self, name: AccountName, step: Posting, limits: Limits) -> None:
        if limits.budget is not None and step.committed > 0:
            account = replace(self._account(name), budget=limits.budget)
            if not account.holds(step.committed):
                raise beyond_budget(account, step.committed)
        most = limits.max_in_flight
        if most is not None and step.in_flight > 0 and self.in_flight[name.key_id] >= most:
            raise too_many(most)

    def post(self, job: Job, *, was: Job | None, limits: Limits) -> Iterable[Event]:
        """Write down what the step moves; return the alarms that it sets off."""
        slot = limits.slot_at(job.opened_at)
        if slot and opens(job, was):
            self._slots[job.payer, slot] += 1
        for line, counts in usage_step(job, was=was).items():
            self.usage.setdefault(job.tenant, {}).setdefault(line, Counter()).update(counts)
        alarms: list[Event] = []
        for name, step in steps_of(job, was).items():
            self.in_flight[name.key_id] += step.in_flight
            if name.window and step.moves_money:
                account = self._account(name).posted(step)
                budget = limits_of(name, job, limits).budget
                if budget is not None:
                    account = replace(account, budget=budget)
                alarms += self._tell(account, job)
        return alarms

    def _tell(self, account: Account, job: Job) -> Iterable[Event]:
        alarms = account.to_tell()
        told = max(alarms, default=account.told)
        self.accounts[account.key_id, account.window] = replace(account, told=told)
        return [budget_alarm(account, one, tenant=job.tenant, at=job.updated_at) for one in alarms]

    def _account(self, name: AccountName) -> Account:
        new = Account(key_id=name.key_id, window=name.window)
        return self.accounts.get(name, new)


class MemoryAccounts:
    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def get(self, keys: Mapping[KeyId, str]) -> Mapping[KeyId, Account]:
        accounts = self._ledger.accounts
        return {
            key: accounts[key, window] for key, window in keys.items() if (key, window) in accounts
        }


class MemoryUsageBook:
    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def lines(
        self, tenant: str, *, since: date, until: date, tagged: bool = False
    ) -> Iterable[tuple[Line, Counts]]:
        for line, counts in self._ledger.usage.get(tenant, {}).items():
            if since <= line.day <= until and (line.tag is not None) == tagged:
                yield line, counts
