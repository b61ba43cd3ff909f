"""Odd requests over HTTP, at the functions as they are deployed: all answered, none by an error."""

import pytest

from tests.fuzz.wire import at_a_stack

REQUESTS = 2_000
SEED = 20


@pytest.mark.engine
def test_two_thousand_odd_requests_are_answered_and_nothing_breaks() -> None:
    tally = at_a_stack(SEED, REQUESTS)

    assert tally.broken[:5] == []
    assert (tally.requests, tally.server_errors) == (REQUESTS, 0)
    assert REQUESTS // 2 < tally.refused < REQUESTS
