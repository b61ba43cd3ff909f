"""A job takes no more than docs/cost.md says: counted, on the local stack."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from benchmarks.counted import Work
from benchmarks.prices import Units
from benchmarks.work import PATHS, counted_paths, priced
from tests.docs.documents import Document

pytestmark = pytest.mark.engine

COST: Final = Document(Path("docs/cost.md"))
TOLD: Final = {row[0]: row[1:] for row in COST.table("path")}
PRICED: Final = {row[0]: row[1:] for row in COST.table("priced path")}


@pytest.fixture(scope="module")
def works() -> dict[str, Work]:
    return dict(counted_paths())


@pytest.mark.parametrize("path", PATHS)
def test_a_job_takes_no_more_than_is_told(works: dict[str, Work], path: str) -> None:
    work = works[path]
    calls, invocations, size = map(int, TOLD[path])

    assert 0 < work.calls.made.total() <= calls, sorted(work.calls.made.items())
    assert 0 < work.invocations.total() <= invocations, work.invocations
    assert 0 < work.calls.sent.total() <= size, work.calls.sent


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_paid_for_that_is_not_told(works: dict[str, Work], path: str) -> None:
    told = Units.of(PRICED[path][:-1])

    counted = priced(path, works[path], gb_seconds=told.gb_seconds)

    over = {
        name: (figure, asdict(told)[name])
        for name, figure in asdict(counted).items()
        if figure > asdict(told)[name]
    }
    assert over == {}
