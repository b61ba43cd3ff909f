"""Side effects under control: each call of an adapter can crash its caller, or fail."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, partial
from typing import Any, Final


class Crash(BaseException):
    """The worker dies here. Not an Exception: nothing may catch it but its own end."""


class Unavailable(Exception):
    """AWS does not answer, or says 503."""


class Mishap(StrEnum):
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    FAIL_BEFORE = "fail before"  # an error, and nothing was done
    FAIL_AFTER = "fail after"  # an error, and yet it was done
    INTERLEAVE = "interleave"  # others work while this call is under way


MISHAPS: Final = tuple(Mishap)
_REST: Final = 50_000  # effects; a quiet story has some hundreds


class Violation(AssertionError):
    """A promise was broken."""


@dataclass(slots=True)
class Plan:
    """What goes wrong where: at numbered effects, or anywhere at a rate."""

    at: dict[int, Mishap] = field(default_factory=dict)
    rate: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  # a seed must replay

    def mishap(self, number: int) -> Mishap | None:
        if number in self.at:
            return self.at[number]
        if self.rate and self.chance.random() < self.rate:
            return self.chance.choice(MISHAPS)
        return None


@dataclass(slots=True)
class Effects:
    """Counts the side effects of all handlers and lets the plan strike."""

    plan: Plan
    let_others_work: Callable[[], None]
    trace: list[str] = field(default_factory=list)
    struck: dict[int, Mishap] = field(default_factory=dict)
    count: int = 0
    most: int = _REST
    calm: bool = False  # the end of a run: everything works again

    def happen(self, label: str, call: Callable[..., Any], *args: Any, **parts: Any) -> Any:
        number = self.count
        self.count += 1
        if number >= self.most:
            raise Violation("the world does not come to rest")
        mishap = None if self.calm else self.plan.mishap(number)
        if mishap is None:
            self.trace.append(f"{number} {label}")
            return call(*args, **parts)
        self.trace.append(f"{number} {label}: {mishap}")
        self.struck[number] = mishap
        return self._strike(mishap, partial(call, *args, **parts))

    def _strike(self, mishap: Mishap, call: Callable[[], Any]) -> Any:
        if mishap is Mishap.CRASH_BEFORE:
            raise Crash
        if mishap is Mishap.FAIL_BEFORE:
            raise Unavailable
        if mishap is Mishap.INTERLEAVE:
            self.let_others_work()
        result = call()
        if mishap is Mishap.CRASH_AFTER:
            raise Crash
        if mishap is Mishap.FAIL_AFTER:
            raise Unavailable
        if mishap is Mishap.INTERLEAVE:
            self.let_others_work()
        return result


class Tapped:
    """An adapter whose every method is a side effect."""

    def __init__(self, inner: object, name: str, effects: Effects) -> None:
        self._inner = inner
        for method in _methods(type(inner)):  # type: ignore[arg-type]  # mypy takes a type's __hash__ for its instances'
            setattr(self, method, _tap(getattr(inner, method), f"{name}.{method}", effects))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _tap(call: Callable[..., Any], label: str, effects: Effects) -> Callable[..., Any]:
    def tapped(*args: Any, **parts: Any) -> Any:
        return effects.happen(label, call, *args, **parts)

    return tapped


@cache
def _methods(kind: type[Any]) -> tuple[str, ...]:
    names = (name for name in dir(kind) if not name.startswith("_"))
    return tuple(name for name in names if callable(getattr(kind, name)))
