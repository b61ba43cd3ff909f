"""Any order of events, told by callers alone: what the API shows keeps every promise."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fuzz.calling import Tally, logged_errors
from tests.fuzz.machine import PublicApi

STEPS = 50
EXAMPLES = 120


def test_whatever_callers_providers_and_time_do_every_promise_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tally = Tally()
    monkeypatch.setattr(PublicApi, "tally", tally)

    with logged_errors() as errors:
        run_state_machine_as_test(
            PublicApi,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    assert errors == []
    assert tally.steps > 4_000
    assert tally.failovers > 30
    assert tally.server_errors == tally.exceptions == 0
