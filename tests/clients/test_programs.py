"""Whatever the program: each call pays for one job, and gets that job's pictures."""

from collections.abc import Callable

import pytest

from tests.clients.runner import Outcome
from tests.clients.scenarios import SCENARIOS, Scenario, has_node

pytestmark = pytest.mark.engine


_NEEDS_NODE = pytest.mark.skipif(not has_node(), reason="needs Node 20 and npm")
_CASES = [
    pytest.param(scenario, id=scenario.id, marks=[_NEEDS_NODE] if scenario.needs_node else [])
    for scenario in SCENARIOS
]


@pytest.mark.parametrize("scenario", _CASES)
def test_each_call_pays_once_and_gets_its_pictures(
    scenario: Scenario, outcome_of: Callable[[Scenario], Outcome]
) -> None:
    outcome = outcome_of(scenario)

    assert len(outcome.pictures) == scenario.pictures, outcome.stderr
    assert len(outcome.jobs) == scenario.jobs
    assert len(outcome.submissions) == scenario.jobs
    assert sorted(outcome.pictures) == sorted(outcome.stored)
    # The sandbox draws the same for the same prompt, so whose picture it is, the answers say.
    assert sorted(outcome.delivered) == sorted(job["id"] for job in outcome.jobs)


@pytest.mark.parametrize("scenario", _CASES)
def test_a_program_repeats_its_post_only_where_it_is_asked_to(
    scenario: Scenario, outcome_of: Callable[[Scenario], Outcome]
) -> None:
    """A job is slower than an answer. At the address that waits, one post is enough."""
    posts = len(outcome_of(scenario).posts)

    if scenario.address == "openai_url":
        assert posts == scenario.jobs
    else:
        assert posts >= 2 * scenario.jobs
