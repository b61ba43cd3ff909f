"""A planted bug: one of our own rules, and the code without it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

type Original = Any


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule of ours, and the code without it."""

    name: str
    owner: Any
    attribute: str
    broken: Callable[[Original], Any]
    first_seed: int = 0  # where the search begins: of a rare bug, with a story that met it

    @contextmanager
    def planted(self) -> Iterator[None]:
        original = self.owner.__dict__[self.attribute]
        plain = original.fget if isinstance(original, property) else original
        broken = self.broken(plain)
        setattr(self.owner, self.attribute, property(broken) if original is not plain else broken)
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, original)
