"""Reference images that came with a request, and the archive of callbacks."""

import pytest

from shared.ports import CallbackArchive, Uploads
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.worlds import Buckets
from tests.pictures import a_png

BINARY = bytes(range(256)) * 3


def test_an_upload_is_read_as_it_was_put(uploads: Uploads) -> None:
    upload_id = uploads.put(a_png(), content_type="image/png")

    assert uploads.read(upload_id) == (a_png(), "image/png")


def test_the_same_content_is_one_upload(uploads: Uploads) -> None:
    first = uploads.put(a_png(), content_type="image/png")

    assert uploads.put(a_png(), content_type="image/png") == first
    assert uploads.read(first) == (a_png(), "image/png")


def test_other_content_is_another_upload(uploads: Uploads) -> None:
    first = uploads.put(a_png(8, 6), content_type="image/png")
    second = uploads.put(a_png(6, 8), content_type="image/png")

    assert first != second
    assert uploads.read(first)[0] == a_png(8, 6)
    assert uploads.read(second)[0] == a_png(6, 8)


@pytest.mark.parametrize("body", [b"", b'{"taskId": "1"}', BINARY], ids=["empty", "json", "binary"])
def test_a_callback_is_kept_byte_by_byte(buckets: Buckets, body: bytes) -> None:
    buckets.archive.keep(a_job().id, attempt=1, body=body, at=NOW)

    assert buckets.callbacks() == [body]


def test_callbacks_of_one_attempt_lie_beside_each_other(
    buckets: Buckets, archive: CallbackArchive
) -> None:
    archive.keep(a_job().id, attempt=1, body=b"first", at=NOW)
    archive.keep(a_job().id, attempt=1, body=b"second", at=NOW)
    archive.keep(a_job().id, attempt=2, body=b"first", at=NOW)
    archive.keep(a_job(1).id, attempt=1, body=b"first", at=NOW)

    assert sorted(buckets.callbacks()) == [b"first", b"first", b"first", b"second"]


def test_a_repeated_callback_takes_nothing_away(buckets: Buckets) -> None:
    buckets.archive.keep(a_job().id, attempt=1, body=b"again", at=NOW)
    buckets.archive.keep(a_job().id, attempt=1, body=b"again", at=NOW + MINUTE)

    assert set(buckets.callbacks()) == {b"again"}
