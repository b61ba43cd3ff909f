"""A callback before it is posted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Self

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    url: str
    task: dict[str, JsonValue]  # what the status API tells of it
    tries: int | None = None  # as often as the provider does
    forged: bool = False

    def saying(self, **changes: JsonValue) -> Self:
        return replace(self, task={**self.task, **changes})

    def without(self, *names: str) -> Self:
        return replace(self, task={k: v for k, v in self.task.items() if k not in names})

    def by_a_stranger(self) -> Self:
        """Nobody tries a forgery again."""
        return replace(self, tries=1, forged=True)


type Post = Callable[[Letter], Awaitable[None]]
