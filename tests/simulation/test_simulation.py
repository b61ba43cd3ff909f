"""The promises, tried: random storms, every crash with every other mishap, planted bugs."""

from functools import partial
from pathlib import Path

import pytest

from local.template_bridge import load_template
from shared.domain.delivery import SENDING_PATIENCE
from tests.simulation.campaign import (
    STORIES,
    Tally,
    caught,
    effects_of,
    in_parallel,
    pairs,
    storms,
)
from tests.simulation.mutants import MUTANTS
from tests.simulation.receivers import DELIVER_TIMEOUT
from tests.simulation.scenario import shrunk, storm

SEEDS = 5_000
PART = 250


def test_no_storm_breaks_a_promise() -> None:
    parts = [range(at, at + PART) for at in range(0, SEEDS, PART)]

    total = sum(in_parallel(storms, parts), Tally())

    assert total.runs == SEEDS
    assert [(one.seed, one.violation) for one in total.broken] == []


@pytest.mark.parametrize("story", STORIES)
def test_no_crash_together_with_any_other_mishap_breaks_a_promise(story: str) -> None:
    effects = effects_of(STORIES[story])

    total = sum(in_parallel(partial(pairs, story), range(effects)), Tally())

    assert total.runs == effects * 2 * effects * 5
    assert [(one.seed, one.violation) for one in total.broken] == []


def test_a_broken_story_is_told_with_fewer_mishaps() -> None:
    mutant = next(one for one in MUTANTS if one.name == "forget before publishing")
    with mutant.planted():
        found = next(one for one in map(storm, range(200)) if one.violation and one.struck)
        short = shrunk(found)

    assert short.violation
    assert len(short.struck) <= len(found.struck)


def test_every_planted_bug_is_caught() -> None:
    names = [mutant.name for mutant in MUTANTS]

    found = dict(zip(names, in_parallel(caught, names), strict=True))

    assert len(names) >= 25
    assert [name for name, seed in found.items() if seed is None] == []


def test_who_holds_a_place_at_a_receiver_is_ended_before_it_is_given_to_another() -> None:
    deliver = load_template(Path("template.yaml"))["Resources"]["DeliverFunction"]["Properties"]

    assert deliver["Timeout"] == DELIVER_TIMEOUT.total_seconds()
    assert DELIVER_TIMEOUT < SENDING_PATIENCE
