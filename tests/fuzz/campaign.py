"""Much more of the same on all cores: `make fuzz N=100000`, with SEED=n to repeat a run.

N bodies, 10 N forged tokens, N / 2 steps of stories or more, and N / 50 requests over HTTP at a
running stack; the last lines tell it all.
"""

import os
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fuzz.calling import Tally, logged_errors
from tests.fuzz.image_posts import random_image_posts
from tests.fuzz.machine import PublicApi
from tests.fuzz.tokens import forged_callbacks, forged_tokens
from tests.fuzz.trials import (
    all_naughty_strings,
    all_odd_headers,
    all_wrong_values,
    random_bodies,
    random_callbacks,
    random_questions,
)
from tests.fuzz.wire import at_a_stack

STEPS: Final = 50
_PART: Final = 2_500
_LARGE_PART: Final = 50_000

type Work = Callable[[], Tally]


def stories(start: int, count: int) -> Tally:
    """Play random stories of 50 steps each."""
    rules = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    PublicApi.tally = Tally()
    with logged_errors() as PublicApi.tally.broken:
        try:
            run_state_machine_as_test(seed(start)(PublicApi), settings=rules)
        except Exception:  # noqa: BLE001  # whatever it is, it is told
            PublicApi.tally.broken.append(traceback.format_exc())
    return PublicApi.tally


def plan(n: int, start: int) -> dict[str, list[Work]]:
    """Split each trial into parts that are repeatable by themselves."""
    return {
        "stories": _parts(stories, n * 3 // 5 // STEPS, start, _PART // STEPS),
        "wrong bodies": [all_wrong_values, all_naughty_strings, all_odd_headers],
        "random bodies": _parts(random_bodies, n, start, _PART),
        "image posts": _parts(random_image_posts, n // 5, start, _PART),
        "callbacks": _parts(random_callbacks, n // 5, start, _PART),
        "questions": _parts(random_questions, n // 5, start, _PART),
        "over HTTP": _parts(at_a_stack, n // 50, start, n),
        "forged callbacks": _parts(forged_callbacks, n // 5, start, _PART),
        "forged tokens": _parts(forged_tokens, 10 * n, start, _LARGE_PART),
    }


def _parts(work: Callable[[int, int], Tally], total: int, start: int, size: int) -> list[Work]:
    sizes = [min(size, total - at) for at in range(0, total, size)]
    return [partial(work, start + number, count) for number, count in enumerate(sizes)]


def _done(work: Work) -> Tally:
    return work()


def main(arguments: list[str]) -> int:
    n = int(arguments[0])
    start = int(arguments[1]) if arguments[1:] else secrets.randbelow(2**32)
    _say(f"seed {start}")
    total = Tally()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for name, parts in plan(n, start).items():
            started = time.monotonic()
            tally = sum(pool.map(_done, parts), Tally())
            _tell(name, tally, time.monotonic() - started)
            total += tally
    _tell("all", total, 0)
    for broken in total.broken[:5]:
        _say(f"\n{broken}")
    return 1 if total.broken or total.server_errors or total.exceptions else 0


def _tell(name: str, tally: Tally, seconds: float) -> None:
    took = f" in {seconds:.0f} s" if seconds else ""
    steps = f" in {tally.steps} steps, {tally.failovers} failovers" if tally.steps else ""
    _say(
        f"{name:17}{tally.requests:>9} requests{steps}, {tally.refused} refused, "
        f"{tally.exceptions} exceptions, {tally.server_errors} times 5xx, "
        f"{len(tally.broken)} broken promises{took}"
    )


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # a command prints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
