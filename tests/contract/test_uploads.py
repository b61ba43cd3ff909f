"""Reference images that came with a request."""

from shared.ports import Uploads
from tests.pictures import a_png


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
