"""The archive of callbacks: kept as they came, given again page by page."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import InvalidRequest
from shared.domain.ids import JobId
from shared.ports.callbacks import CallbackArchive, KeptCallback
from tests.contract.samples import a_job
from tests.contract.worlds import Buckets

BINARY = bytes(range(256)) * 3
ODD_CURSORS = [
    "",
    "0",
    "-1",
    "x",
    "callbacks/",
    "images/",
    "callbacks/../images/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/0.png",
    "callbacks/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/0123456789abcdef\n",
    "callbacks/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/0123456789abcde",
    "callbacks/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/٣/0123456789abcdef",
    "\x00",
    "🦊" * 200,
]


def keep(archive: CallbackArchive, number: int, attempt: int, body: bytes) -> KeptCallback:
    kept = KeptCallback(job_id=a_job(number).id, attempt=attempt, body=body)
    archive.keep(kept.job_id, attempt=attempt, body=body)
    return kept


def walk(
    archive: CallbackArchive, *, limit: int, job_id: JobId | None = None
) -> tuple[list[int], list[KeptCallback]]:
    """Follow the cursors to the end; return the size of each page and all callbacks."""
    sizes: list[int] = []
    kept: list[KeptCallback] = []
    cursor: str | None = None
    for _ in range(20):
        page = archive.page(job_id=job_id, cursor=cursor, limit=limit)
        sizes.append(len(page.callbacks))
        kept += page.callbacks
        cursor = page.cursor
        if cursor is None:
            return sizes, kept
    raise AssertionError(f"the pages never end: {sizes}")


@pytest.mark.parametrize("body", [b"", b'{"taskId": "1"}', BINARY], ids=["empty", "json", "binary"])
def test_a_callback_is_kept_byte_by_byte(buckets: Buckets, body: bytes) -> None:
    kept = keep(buckets.archive, 0, 1, body)

    assert buckets.callbacks() == [body]
    assert walk(buckets.archive, limit=10) == ([1], [kept])


def test_callbacks_of_one_attempt_lie_beside_each_other(buckets: Buckets) -> None:
    keep(buckets.archive, 0, 1, b"first")
    keep(buckets.archive, 0, 1, b"second")
    keep(buckets.archive, 0, 2, b"first")
    keep(buckets.archive, 1, 1, b"first")

    assert sorted(buckets.callbacks()) == [b"first", b"first", b"first", b"second"]


def test_a_repeated_callback_is_kept_once(buckets: Buckets) -> None:
    keep(buckets.archive, 0, 1, b"again")
    keep(buckets.archive, 0, 1, b"again")

    assert buckets.callbacks() == [b"again"]


def test_an_empty_archive_is_one_empty_page(archive: CallbackArchive) -> None:
    assert walk(archive, limit=10) == ([0], [])


def test_pages_hold_all_callbacks_in_the_order_of_their_jobs(archive: CallbackArchive) -> None:
    kept = [keep(archive, number, 1, b"body") for number in (3, 0, 4, 2, 1)]

    sizes, given = walk(archive, limit=2)

    assert sizes == [2, 2, 1]
    assert given == sorted(kept, key=lambda one: one.job_id)


def test_of_one_job_only_its_own_are_given_all_attempts_of_it(archive: CallbackArchive) -> None:
    mine = [keep(archive, 1, attempt, body) for attempt in (1, 2) for body in (b"a", b"b")]
    keep(archive, 0, 1, b"a")
    keep(archive, 2, 1, b"a")

    sizes, given = walk(archive, limit=3, job_id=a_job(1).id)

    assert sizes == [3, 1]
    assert sorted(given, key=lambda one: (one.attempt, one.body)) == mine


def test_a_job_that_nobody_called_back_has_an_empty_page(archive: CallbackArchive) -> None:
    keep(archive, 0, 1, b"body")

    assert walk(archive, limit=10, job_id=a_job(1).id) == ([0], [])


def test_what_comes_between_two_pages_hides_nothing(archive: CallbackArchive) -> None:
    kept = [keep(archive, number, 1, b"body") for number in (1, 3, 5, 7)]
    first = archive.page(job_id=None, cursor=None, limit=2)

    for number in (0, 2, 4):
        keep(archive, number, 1, b"meanwhile")
    rest = archive.page(job_id=None, cursor=first.cursor, limit=10)

    assert {*first.callbacks, *rest.callbacks} >= set(kept)


def test_pages_go_on_where_they_ended_though_that_callback_is_gone(
    archive: CallbackArchive,
) -> None:
    kept = [keep(archive, number, 1, b"body") for number in (1, 3, 5)]
    first = archive.page(job_id=None, cursor=None, limit=2)

    archive.remove(a_job(3).id)

    assert archive.page(job_id=None, cursor=first.cursor, limit=2).callbacks == (kept[2],)


@pytest.mark.parametrize("cursor", ODD_CURSORS)
def test_what_is_no_cursor_is_refused_by_field(archive: CallbackArchive, cursor: str) -> None:
    keep(archive, 0, 1, b"body")

    with pytest.raises(InvalidRequest) as refused:
        archive.page(job_id=None, cursor=cursor, limit=1)

    assert [error.pointer for error in refused.value.errors] == ["/cursor"]


def test_a_cursor_of_one_jobs_pages_is_none_of_anothers(archive: CallbackArchive) -> None:
    for body in (b"a", b"b"):
        keep(archive, 0, 1, body)
    cursor = archive.page(job_id=a_job(0).id, cursor=None, limit=1).cursor

    assert cursor is not None
    with pytest.raises(InvalidRequest):
        archive.page(job_id=a_job(1).id, cursor=cursor, limit=1)


def test_the_newest_are_given_with_their_time_and_no_other_jobs(archive: CallbackArchive) -> None:
    before = datetime.now(UTC)
    mine = [keep(archive, 1, attempt, b"body") for attempt in (1, 2, 3)]
    keep(archive, 2, 1, b"body")

    newest = archive.newest(a_job(1).id, limit=10)

    assert sorted((one.callback for one in newest), key=lambda kept: kept.attempt) == mine
    # S3 tells whole seconds.
    assert all(abs(one.at - before) < timedelta(seconds=60) for one in newest)
    assert len(archive.newest(a_job(1).id, limit=2)) == 2
    assert archive.newest(a_job(3).id, limit=10) == ()


def test_what_is_removed_is_gone_and_other_jobs_callbacks_stay(archive: CallbackArchive) -> None:
    for attempt in (1, 2):
        keep(archive, 1, attempt, b"body")
    others = [keep(archive, number, 1, b"body") for number in (0, 2)]

    archive.remove(a_job(1).id)

    assert walk(archive, limit=10) == ([2], others)


def test_removing_what_is_not_there_is_no_error(archive: CallbackArchive) -> None:
    archive.remove(a_job().id)

    assert walk(archive, limit=10) == ([0], [])
