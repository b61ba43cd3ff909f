"""A short run of the chaos program: mishaps for seconds, not minutes."""

import shutil

import pytest

from tests.chaos.folder import make_folder
from tests.chaos.run import Options
from tests.chaos.story import tell

pytestmark = pytest.mark.engine


def test_killed_workers_a_restart_and_broken_providers_break_no_promise() -> None:
    options = Options(
        jobs=20, seed=1, minutes=2, storm=0.08, longest_storm=0.5, restarts=1, patient=False
    )
    folder = make_folder()

    run = tell(options, folder=folder, changed=lambda _: None)

    assert run.broken == []
    assert len(run.snapshot.jobs) == 20
    assert (run.restarts, run.killed.total() > 0, run.faults > 0) == (1, True, True)
    shutil.rmtree(folder)  # kept when a promise was broken: tables and logs are in it
