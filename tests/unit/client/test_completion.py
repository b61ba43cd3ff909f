"""The shell completes what `seedhook` can do."""

import pytest
from typer.testing import CliRunner

from client.__main__ import app

BASH = {"_SEEDHOOK_COMPLETE": "complete_bash", "COMP_CWORD": "1"}


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("seedhook ge", {"generate"}),
        ("seedhook s", {"scaffold"}),
        ("seedhook d", {"demo", "doctor"}),
    ],
)
def test_bash_completes_commands(typed: str, completed: set[str]) -> None:
    done = CliRunner().invoke(app, [], prog_name="seedhook", env=BASH | {"COMP_WORDS": typed})

    assert set(done.stdout.split()) == completed


def test_options_are_completed_too() -> None:
    words = {"COMP_WORDS": "seedhook generate --asp", "COMP_CWORD": "2"}

    done = CliRunner().invoke(app, [], prog_name="seedhook", env=BASH | words)

    assert done.stdout.split() == ["--aspect-ratio"]
