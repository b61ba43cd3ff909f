"""A job takes no more calls and invocations than docs/cost.md says: counted, on the local stack."""

from pathlib import Path
from typing import Final

import pytest

from benchmarks.work import PATHS, Work, counted_paths
from tests.docs.documents import Document

pytestmark = pytest.mark.engine

TOLD: Final = {row[0]: row[1:] for row in Document(Path("docs/cost.md")).table("path")}


@pytest.fixture(scope="module")
def works() -> dict[str, Work]:
    return dict(counted_paths())


@pytest.mark.parametrize("path", PATHS)
def test_a_job_takes_no_more_than_is_told(works: dict[str, Work], path: str) -> None:
    work = works[path]
    calls, invocations, size = map(int, TOLD[path])

    assert 0 < work.calls.total() <= calls, sorted(work.calls.items())
    assert 0 < work.invocations.total() <= invocations, work.invocations
    assert 0 < work.sent.total() <= size, work.sent
