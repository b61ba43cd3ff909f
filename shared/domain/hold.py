"""A hold: which limits of its key a job counts against, and how much money it keeps."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from shared.domain.ids import KeyId
from shared.domain.limits import Limits
from shared.domain.money import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a job holds of one key from an admission, or a retry, to the next retry."""

    key_id: KeyId | None = None  # whose limits; None: of the key that the job was admitted under
    window: str = ""  # the account its money comes from; empty: its key has no budget
    reserved: Micros = 0
    # Of rows that an earlier version reopened: what the job had cost by then, and how much of that
    # was more than had been reserved.
    paid: Micros = 0
    overrun: Micros = 0
    counted: bool = False  # among the jobs that its key has in flight
    first_attempt: int = 1
    last_attempt: int | None = None  # None: it is the latest hold, and covers what is to come

    @classmethod
    def under(
        cls,
        limits: Limits,
        *,
        estimate: Micros,
        at: datetime,
        key_id: KeyId | None = None,
        first_attempt: int = 1,
    ) -> Self | None:
        """Return what a job with this estimate holds; None: its key has no limit to count for."""
        has_budget, counted = limits.budget is not None, limits.max_in_flight is not None
        if not has_budget and not counted:
            return None
        hold = cls(key_id=key_id, counted=counted, first_attempt=first_attempt)
        if not has_budget:
            return hold
        return replace(hold, window=limits.window_at(at), reserved=estimate)

    def closed(self, last_attempt: int) -> Self:
        """Return the hold once the job runs under another: nothing is reserved by it any more."""
        return replace(self, last_attempt=last_attempt)

    def covers(self, attempt: int) -> bool:
        is_past_end = self.last_attempt is not None and attempt > self.last_attempt
        return attempt >= self.first_attempt and not is_past_end
