"""Reads which faults are wanted; what it does not know it refuses, and says what it knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from local.sandbox.faults.fault import Fault
from local.sandbox.faults.known import KNOWN
from local.sandbox.ledger import Provider
from local.sandbox.strict import JSON_OBJECT, path

SEED: Final = "seed"


class PlanRefused(Exception):
    """The text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    seed: int = 0
    faults: Mapping[Provider, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.fault for faults in self.faults.values() for one in faults)

    def to_json(self) -> dict[str, JsonValue]:
        """Show it with its defaults, so that it can be read again."""
        told: dict[str, JsonValue] = {SEED: self.seed}
        for provider, faults in self.faults.items():
            told[provider] = [one.model_dump(mode="json", exclude_none=True) for one in faults]
        return told


NO_FAULTS: Final = Plan()


def read_plan(text: str | bytes) -> Plan:
    try:
        given = JSON_OBJECT.validate_json(text)
    except ValidationError as exc:
        raise PlanRefused("the faults are not a JSON object") from exc
    for name in given:
        _check(name, [SEED, *Provider], what="field")
    seed = given.pop(SEED, NO_FAULTS.seed)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise PlanRefused("seed is not a whole number")
    lists = {Provider(name): lines for name, lines in given.items()}
    return Plan(
        seed=seed,
        faults={provider: _faults(provider, lines) for provider, lines in lists.items()},
    )


def _faults(provider: Provider, lines: JsonValue) -> tuple[Fault, ...]:
    if not isinstance(lines, list):
        raise PlanRefused(f"{provider} is not a list of faults")
    return tuple(_fault(provider, number, line) for number, line in enumerate(lines))


def _fault(provider: Provider, number: int, line: JsonValue) -> Fault:
    where = f"{provider}[{number}]"
    name = line.get("fault") if isinstance(line, dict) else None
    if not isinstance(name, str):
        raise PlanRefused(f'{where} is not an object with the name of a "fault"')
    _check(name, KNOWN[provider], what="fault", where=f"{where}: ")
    kind = KNOWN[provider][name]
    try:
        return kind.model_validate(line)
    except ValidationError as exc:
        problem = exc.errors(include_url=False)[0]
        raise PlanRefused(f"{where} ({name}): {_explained(problem, kind)}") from exc


def _explained(problem: ErrorDetails, kind: type[Fault]) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return _unknown(path(problem), kind.model_fields, what="field")
        case "missing":
            return f"{path(problem)} is missing"
        case _:
            return f"{path(problem)}: {problem['msg']}"


def _check(name: str, known: Iterable[str], *, what: str, where: str = "") -> None:
    if name not in known:
        raise PlanRefused(where + _unknown(name, known, what=what))


def _unknown(name: str, known: Iterable[str], *, what: str) -> str:
    return f'unknown {what} "{name}"; known: {", ".join(known)}'
