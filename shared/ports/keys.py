"""API keys, and what their jobs have spent and made."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from shared.domain.account import Account
from shared.domain.api_key import ApiKey
from shared.domain.ids import KeyId
from shared.domain.usage import Counts, Line


class ApiKeys(Protocol):
    def add(self, key: ApiKey) -> None: ...

    def find(self, key_id: KeyId) -> ApiKey | None: ...

    def save(self, key: ApiKey, *, was: ApiKey) -> None:
        """Write `key` over `was`. Raises VersionConflict when `was` is no longer current."""
        ...

    def all(self) -> Sequence[ApiKey]:
        """Return all keys, the newest first, those revoked included; may lag writes a little."""
        ...


class Accounts(Protocol):
    """What keys with a budget have spent and reserved. The job store writes it, with each job."""

    def get(self, keys: Mapping[KeyId, str]) -> Mapping[KeyId, Account]:
        """Return each key's account in the window named; a key that has none is left out."""
        ...


class UsageBook(Protocol):
    """What jobs that are over have made and cost. The job store writes it, with each job."""

    def lines(
        self, tenant: str, *, since: date, until: date, tagged: bool = False
    ) -> Iterable[tuple[Line, Counts]]:
        """Return a tenant's rows of some days, both ends included.

        The tagged ones count jobs once for each tag, the others count each job once.
        """
        ...
