"""A hold: which limits of its key a job counts against, and how much money it keeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from shared.domain.limits import Limits
from shared.domain.money import Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    window: str = ""  # the account its money comes from; empty: its key has no budget
    reserved: Micros = 0
    paid: Micros = 0  # what it had cost when it was last reopened
    overrun: Micros = 0  # how much of that was more than had been reserved
    counted: bool = False  # among the jobs that its key has in flight

    @classmethod
    def under(cls, limits: Limits, *, estimate: Micros, at: datetime) -> Self | None:
        """Return what a job with this estimate holds; None: its key has no limit to count for."""
        has_budget, counted = limits.budget is not None, limits.max_in_flight is not None
        if not has_budget and not counted:
            return None
        if not has_budget:
            return cls(counted=True)
        return cls(window=limits.window_at(at), reserved=estimate, counted=counted)
