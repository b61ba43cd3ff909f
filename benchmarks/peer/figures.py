"""The arithmetic: what a gateway adds, from rounds of both ways taken by turns."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

_TWENTIETHS = 20


@dataclass(slots=True)
class Taken:
    """The rounds of one candidate, in milliseconds."""

    medians: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)  # of each round, what 5 % take longer than

    def add(self, milliseconds: Sequence[float]) -> None:
        self.medians.append(statistics.median(milliseconds))
        self.slow.append(statistics.quantiles(milliseconds, n=_TWENTIETHS)[-1])

    @property
    def median(self) -> float:
        return statistics.median(self.medians)

    @property
    def tail(self) -> float:
        return statistics.median(self.slow)

    def added(self, direct: "Taken") -> "Added":
        """What it takes more than the direct way did in the same round."""
        pairs = zip(self.medians, direct.medians, strict=True)
        return Added([through - floor for through, floor in pairs])


@dataclass(frozen=True, slots=True)
class Added:
    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def beside(self, other: "Added") -> float:
        """Return how many times the other's, by the medians over all rounds."""
        return self.median / other.median


def spread(values: Sequence[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f}"
