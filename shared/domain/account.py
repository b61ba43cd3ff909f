"""A key's account in one window: what is spent, what is reserved, and which alarms have gone."""

from dataclasses import dataclass, replace
from typing import Final, Self

from shared.domain.ids import KeyId
from shared.domain.money import Micros
from shared.domain.settlement import Posting

THRESHOLDS: Final = (50, 80, 100)  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    key_id: KeyId
    window: str
    budget: Micros = 0
    committed: Micros = 0  # spent or reserved
    spent: Micros = 0
    overrun: Micros = 0
    unknown: int = 0
    accepted: int = 0
    told: int = 0  # the highest threshold that was announced

    @property
    def reserved(self) -> Micros:
        return self.committed - self.spent

    @property
    def left(self) -> Micros:
        return max(0, self.budget - self.committed)

    def holds(self, amount: Micros) -> bool:
        """Whether there is room for so much more."""
        return self.committed + amount <= self.budget

    def posted(self, more: Posting) -> Self:
        return replace(
            self,
            committed=self.committed + more.committed,
            spent=self.spent + more.spent,
            overrun=self.overrun + more.overrun,
            unknown=self.unknown + more.unknown,
            accepted=self.accepted + more.accepted,
        )

    def to_tell(self) -> tuple[int, ...]:
        """Return the thresholds that are reached and were never announced, the lowest first."""
        return tuple(t for t in THRESHOLDS if t > self.told and self.committed >= self._at(t))

    def before_next(self) -> Micros | None:
        """Return how much may be committed before the next threshold is reached."""
        ahead = [self._at(t) for t in THRESHOLDS if t > self.told and self.committed < self._at(t)]
        return ahead[0] - 1 if ahead else None

    def _at(self, threshold: int) -> Micros:
        return -(-self.budget * threshold // 100)
