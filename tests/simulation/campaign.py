"""Many seeds on all cores: `make simulate SEEDS=100000`, or `make simulate SEED=17` to replay one.

The last line tells it all: seeds, violations, side effects, planted bugs caught.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import Any, Final

from tests.simulation.effects import MISHAPS, Mishap, Plan
from tests.simulation.mutants import MUTANTS
from tests.simulation.scenario import Outcome, play, shrunk, single, storm

_CHUNK: Final = 250
_SEEDS_PER_MUTANT: Final = 4000
_CRASHES: Final = (Mishap.CRASH_BEFORE, Mishap.CRASH_AFTER)
STORIES: Final[dict[str, dict[str, Any]]] = {
    "apixo by callback": {"provider": "apixo", "n": 2},
    "oxen by poll": {"provider": "oxen", "n": 5},
}


@dataclass(frozen=True, slots=True)
class Tally:
    runs: int = 0
    effects: int = 0
    broken: tuple[Outcome, ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.runs + other.runs, self.effects + other.effects, self.broken + other.broken
        )


def storms(seeds: Iterable[int]) -> Tally:
    return _tally(storm(seed) for seed in seeds)


def pairs(story: str, first: int) -> Tally:
    """Crash at one effect, and before or after it any other mishap at each effect."""
    wish = STORIES[story]
    last = effects_of(wish)
    plans = (
        Plan(at={first: crash} | ({second: mishap} if second != first else {}))
        for crash, second, mishap in product(_CRASHES, range(last), MISHAPS)
    )
    return _tally(play(single(plan, wish), seed=first) for plan in plans)


def effects_of(wish: dict[str, Any]) -> int:
    """Count the side effects of a story in which nothing goes wrong."""
    return play(single(Plan(), wish), seed=0).effects


def caught(name: str) -> int | None:
    """Return the first seed tried that catches a planted bug."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutant.planted():
        seeds = range(mutant.first_seed, mutant.first_seed + _SEEDS_PER_MUTANT)
        return next((seed for seed in seeds if storm(seed).violation), None)


def in_parallel(work: Callable[[Any], Any], parts: Iterable[Any]) -> Iterator[Any]:
    # Fresh processes: forked ones would drag a test run's memory and its coverage tracer along.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, parts)


def _tally(outcomes: Iterable[Outcome]) -> Tally:
    runs, effects, broken = 0, 0, []
    for outcome in outcomes:
        runs, effects = runs + 1, effects + outcome.effects
        if outcome.violation:
            broken.append(outcome)
    return Tally(runs, effects, tuple(broken))


def tell(outcome: Outcome) -> None:
    """Show a broken promise with the shortest way there that was found."""
    short = shrunk(outcome)
    print(f"\nseed {short.seed}: {short.violation}")
    for number, mishap in short.struck.items():
        print(f"  {short.trace[number].split(':')[0]}: {mishap}")
    print("  ... and at the end:")
    print("\n".join(f"  {line}" for line in short.trace[-20:]))
    print(f"  replay: make simulate SEED={outcome.seed}")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--seed"]:
        outcome = storm(int(arguments[1]))
        print("\n".join(outcome.trace))
        print(outcome.violation or f"seed {outcome.seed} keeps every promise")
        return 1 if outcome.violation else 0
    seeds, started = int(arguments[0]), time.monotonic()
    total = Tally()
    parts = [range(at, min(at + _CHUNK, seeds)) for at in range(0, seeds, _CHUNK)]
    for tally in in_parallel(storms, parts):
        total += tally
        _progress(total, seeds, started)
    for outcome in total.broken[:3]:
        tell(outcome)
    found = sum(seed is not None for seed in in_parallel(caught, [m.name for m in MUTANTS]))
    print(
        f"\n{total.runs} seeds, {len(total.broken)} violations, {total.effects} side effects, "
        f"{found} planted bugs caught of {len(MUTANTS)}"
    )
    return 1 if total.broken or found < len(MUTANTS) else 0


def _progress(total: Tally, seeds: int, started: float) -> None:
    if sys.stderr.isatty():
        seconds = time.monotonic() - started
        line = f"\r{total.runs}/{seeds} seeds, {len(total.broken)} violations, {seconds:.0f} s"
        print(line, end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
