"""All keys, with what each has spent."""

from collections import Counter
from dataclasses import dataclass

from shared.domain.account import Account
from shared.domain.api_key import ApiKey
from shared.domain.ids import KeyId
from shared.domain.usage import Counts, summed
from shared.ports.keys import Accounts, ApiKeys, UsageBook
from shared.ports.runtime import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """All keys, and what each has spent.

    `accounts` has the keys with a budget, by id: what was spent and reserved in the window that
    runs now. `used` is for the keys without one, by id too: what their jobs that are over have made
    and cost since the first of this month, in UTC. A key with nothing to tell is in neither. A key
    with a budget may be in both, when its tenant has another without: then its account counts.
    """

    keys: tuple[ApiKey, ...]
    accounts: dict[KeyId, Account]
    used: dict[str, Counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKeys:
    """Reads accounts by key and usage by tenant: a list costs the same after a million jobs."""

    keys: ApiKeys
    accounts: Accounts
    usage_book: UsageBook
    clock: Clock

    def __call__(self) -> KeyList:
        now = self.clock.now()
        keys = self.keys.all()
        windows = {
            key.id: key.terms.limits.window_at(now)
            for key in keys
            if key.terms.limits.budget is not None
        }
        tenants = {key.tenant for key in keys if key.id not in windows}
        used: dict[str, Counts] = {}
        for tenant in tenants:
            today = now.date()
            lines = self.usage_book.lines(tenant, since=today.replace(day=1), until=today)
            for key_id, counts in summed(lines, by="key_id").items():
                used.setdefault(key_id, Counter()).update(counts)
        return KeyList(keys=tuple(keys), accounts=dict(self.accounts.get(windows)), used=used)
