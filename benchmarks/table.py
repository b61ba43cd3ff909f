"""Tables of measured figures, and the bars they are held to."""

from dataclasses import dataclass, field
from typing import Final

HELD: Final = "held"
MISSED: Final = "missed"


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and what it may be at most, or must be at least; without either it is just told."""

    figure: float
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        if self.most is None and self.least is None:
            return ""
        over = self.most is not None and self.figure > self.most
        under = self.least is not None and self.figure < self.least
        return MISSED if over or under else HELD

    def cells(self) -> tuple[str, str, str]:
        limit = self.most if self.least is None else self.least
        return f"{self.figure:.2f}", "" if limit is None else f"{limit:g}", self.verdict


@dataclass(slots=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    @property
    def missed(self) -> list[str]:
        return [f"{self.title}: {row[0]}" for row in self.rows if MISSED in row]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = [_row(self.head, widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|"]
        lines += [_row(row, widths) for row in self.rows]
        return "\n".join([f"## {self.title}", "", *lines, *[f"\n{note}" for note in self.notes]])


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"
