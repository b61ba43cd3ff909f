"""docs/reliability.md names tests, times and planted bugs that are there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain import status
from tests.docs.documents import Document, missing_tests, named_tests
from tests.simulation.mutants import MUTANTS
from tests.simulation.test_simulation import SEEDS

RELIABILITY = Document(Path("docs/reliability.md"))
PARTS = ["Says.", "Kept by.", "Proved by.", "Cannot prove."]

_PROMISE = re.compile(r"^### (\d+\. .+?)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)

PROMISES: dict[str, str] = dict(_PROMISE.findall(RELIABILITY.text))


def told(wait: timedelta) -> str:
    """Write a time as the document does: 60 s, 15 min, 23 h 30 min."""
    minutes, seconds = divmod(int(wait.total_seconds()), 60)
    if seconds or minutes <= 1:
        return f"{minutes * 60 + seconds} s"
    hours, minutes = divmod(minutes, 60)
    return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n)


def test_the_ten_promises_are_numbered() -> None:
    assert [int(name.partition(".")[0]) for name in PROMISES] == list(range(1, 11))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_has_its_four_parts(promise: str) -> None:
    assert re.findall(r"^\*\*(.+?)\*\*", PROMISES[promise], re.MULTILINE) == PARTS


@pytest.mark.parametrize("promise", PROMISES)
def test_every_test_that_proves_a_promise_is_there(promise: str) -> None:
    assert named_tests(PROMISES[promise])
    assert missing_tests(PROMISES[promise]) == []


def test_whatever_is_down_a_test_says_what_happens_then() -> None:
    for what, happens, tests in RELIABILITY.table("what"):
        assert happens, what
        assert named_tests(tests), what
    assert missing_tests(RELIABILITY.text) == []


def test_every_wait_of_the_code_is_told() -> None:
    waits = {name: wait for name, wait in vars(status).items() if isinstance(wait, timedelta)}
    rows = RELIABILITY.table("constant")

    assert {name: wait for name, wait, _, _ in rows} == {
        name: told(wait) for name, wait in waits.items()
    }
    assert [wait for _, wait, _, _ in rows] == [told(wait) for wait in sorted(waits.values())]


def test_every_planted_bug_is_listed() -> None:
    planted = [bug for bug, _ in RELIABILITY.table("planted bug")]

    assert planted == [mutant.name for mutant in MUTANTS]
    assert f"{len(MUTANTS)} planted bugs caught of {len(MUTANTS)}" in RELIABILITY.text


def test_the_number_of_stories_is_told() -> None:
    assert f"plays {SEEDS:,} random stories" in RELIABILITY.text
