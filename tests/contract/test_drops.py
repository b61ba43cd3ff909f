"""The folder that pictures are dropped into: each version as it was, until it is deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.s3.drops import S3DropFolder
from tests.contract.aws import Aws
from tests.contract.test_uploads import ODD_KEYS
from tests.contract.worlds import Dropping
from tests.pictures import a_png

KEY = "edits/cat.png"
SAID = {"prompt": "at night", "aspect-ratio": "16:9"}


@pytest.mark.parametrize("key", ODD_KEYS)
def test_what_was_dropped_is_found_under_any_key_with_what_it_says(
    dropping: Dropping, key: str
) -> None:
    version = dropping.drop(key, a_png(), SAID)

    for asked in (version, None):
        found = dropping.folder.look(key, version_id=asked)
        assert found
        assert (found.version_id, found.bytes, found.metadata) == (version, len(a_png()), SAID)
        assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=5)
        assert dropping.folder.read(key, version_id=asked, at_most=1000) == a_png()


def test_each_version_is_what_it_was(dropping: Dropping) -> None:
    older = dropping.drop(KEY, b"older", {"prompt": "one"})
    newer = dropping.drop(KEY, b"newest", {"prompt": "two"})

    looks = [dropping.folder.look(KEY, version_id=version) for version in (older, newer, None)]
    reads = [
        dropping.folder.read(KEY, version_id=version, at_most=1000)
        for version in (older, newer, None)
    ]

    assert [(one.version_id, one.bytes) for one in looks if one] == [
        (older, 5),
        (newer, 6),
        (newer, 6),
    ]
    assert reads == [b"older", b"newest", b"newest"]


def test_what_was_deleted_is_gone_and_its_version_is_not(dropping: Dropping) -> None:
    version = dropping.drop(KEY, a_png(), SAID)

    dropping.delete(KEY)

    assert dropping.folder.look(KEY, version_id=None) is None
    assert dropping.folder.read(KEY, at_most=1000) is None
    assert dropping.folder.look(KEY, version_id=version)


def test_what_was_dropped_again_after_it_was_deleted_is_there(dropping: Dropping) -> None:
    first = dropping.drop(KEY, b"first", {})
    dropping.delete(KEY)
    second = dropping.drop(KEY, b"second", {})

    assert first != second
    assert dropping.folder.read(KEY, at_most=1000) == b"second"
    assert dropping.folder.read(KEY, version_id=first, at_most=1000) == b"first"


@pytest.mark.parametrize("version", [None, "of-no-kind"])
def test_what_is_not_there_is_not_found(dropping: Dropping, version: str | None) -> None:
    dropping.drop(KEY, a_png(), {})

    key = KEY if version else "edits/dog.png"
    assert dropping.folder.look(key, version_id=version) is None
    assert dropping.folder.read(key, version_id=version, at_most=1000) is None


def test_no_more_is_read_than_was_asked_for(dropping: Dropping) -> None:
    dropping.drop(KEY, b"0123456789", {})

    assert dropping.folder.read(KEY, at_most=4) == b"0123"


def test_an_object_may_be_empty(dropping: Dropping) -> None:
    dropping.drop(KEY, b"", {})

    found = dropping.folder.look(KEY, version_id=None)

    assert found
    assert found.bytes == 0
    assert dropping.folder.read(KEY, at_most=1000) == b""


def test_a_report_is_written_over_the_one_before(dropping: Dropping) -> None:
    dropping.folder.write(f"{KEY}.error.json", b'{"detail": "one"}')
    dropping.folder.write(f"{KEY}.error.json", b'{"detail": "two"}')

    assert dropping.folder.read(f"{KEY}.error.json", at_most=1000) == b'{"detail": "two"}'


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_in_s3_says_nothing_about_what_is_there(status: int) -> None:
    client = Aws().s3
    with Stubber(client) as stubber:
        stubber.add_client_error("head_object", str(status), http_status_code=status)

        with pytest.raises(ClientError):
            S3DropFolder(client, bucket="in").look(KEY, version_id=None)


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_what_s3_will_not_tell_of_counts_as_not_there(status: int) -> None:
    """Without the right to list a bucket, a key that is missing is forbidden."""
    client = Aws().s3
    with Stubber(client) as stubber:
        stubber.add_client_error("head_object", str(status), http_status_code=status)
        stubber.add_client_error("get_object", "AccessDenied", http_status_code=status)
        folder = S3DropFolder(client, bucket="in")

        assert folder.look(KEY, version_id="v") is None
        assert folder.read(KEY, at_most=10) is None
