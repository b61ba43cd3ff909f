"""Stored images: the provider's bytes, once, under a key that is known beforehand."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.stub import Stubber

from shared.adapters.s3.media import S3MediaStore
from shared.domain.errors import ErrorCode, Fault, ResultDamaged, ResultUnavailable
from shared.domain.image import StoredImage
from shared.domain.reference import content_object
from shared.ports.media import Download, MediaStore
from shared.ports.uploads import Uploads
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import a_job, a_large_png, a_picture, pieces
from tests.contract.worlds import IN_ONE_CALL, Buckets
from tests.pictures import a_png

JOB = a_job().id
OTHER = a_job(1).id
KEY = f"images/{JOB}/1/0.png"
_HEAD_BYTES = 12


def store(media: MediaStore, content: bytes, *, attempt: int = 1, position: int = 0) -> StoredImage:
    return media.store(JOB, attempt=attempt, position=position, download=Download(pieces(content)))


def described(content: bytes, *, width: int, height: int) -> StoredImage:
    return StoredImage(
        index=0,
        attempt=1,
        position=0,
        key=KEY,
        content_type="image/png",
        bytes=len(content),
        width=width,
        height=height,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def is_clean(buckets: Buckets) -> bool:
    return not buckets.images() and not buckets.unfinished_uploads()


class TestWhole:
    @pytest.mark.parametrize("content", [a_png(), a_large_png()], ids=["small", "large"])
    def test_the_bytes_are_stored_as_they_came_and_described(
        self, buckets: Buckets, content: bytes
    ) -> None:
        image = store(buckets.media, content)

        assert buckets.images() == {KEY: content}
        assert image == described(content, width=8, height=6)
        assert buckets.unfinished_uploads() == 0

    @pytest.mark.parametrize(
        ("kind", "content_type", "extension"),
        [
            ("PNG", "image/png", "png"),
            ("JPEG", "image/jpeg", "jpg"),
            ("WEBP", "image/webp", "webp"),
            ("GIF", "image/gif", "gif"),
        ],
    )
    def test_type_and_size_are_read_from_the_bytes(
        self, buckets: Buckets, kind: str, content_type: str, extension: str
    ) -> None:
        content = a_picture(kind, width=16, height=9)

        image = store(buckets.media, content)

        assert image.content_type == content_type
        assert image.key == f"images/{JOB}/1/0.{extension}"
        assert (image.width, image.height, image.bytes) == (16, 9, len(content))
        assert buckets.images() == {image.key: content}

    @pytest.mark.parametrize("size", [1, 7, 2**20])
    def test_it_does_not_matter_how_the_bytes_are_cut(self, buckets: Buckets, size: int) -> None:
        image = buckets.media.store(
            JOB, attempt=1, position=0, download=Download(pieces(a_png(), size=size))
        )

        assert image == described(a_png(), width=8, height=6)
        assert buckets.images() == {KEY: a_png()}

    @pytest.mark.parametrize("announced", [None, 0, 1, 10**7, 10**12])
    @pytest.mark.parametrize("content", [a_png(), a_large_png()], ids=["small", "large"])
    def test_it_does_not_matter_how_many_bytes_were_announced(
        self, buckets: Buckets, content: bytes, announced: int | None
    ) -> None:
        download = Download(pieces(content), announced=announced)

        image = buckets.media.store(JOB, attempt=1, position=0, download=download)

        assert image == described(content, width=8, height=6)
        assert buckets.images() == {KEY: content}

    def test_what_was_stored_is_read_by_its_key(self, media: MediaStore) -> None:
        assert media.read(store(media, a_png()).key) == a_png()

    def test_where_nothing_lies_nothing_is_read(self, media: MediaStore) -> None:
        with pytest.raises(ResultUnavailable):
            media.read(KEY)

    def test_each_attempt_and_position_has_a_key_of_its_own(self, buckets: Buckets) -> None:
        places = [(1, 0), (1, 1), (2, 0)]

        images = [store(buckets.media, a_png(), attempt=a, position=p) for a, p in places]

        assert [image.key for image in images] == [f"images/{JOB}/{a}/{p}.png" for a, p in places]
        assert [(image.attempt, image.position) for image in images] == places
        assert set(buckets.images()) == {image.key for image in images}


class TestAgain:
    FIRST = a_png(8, 6)
    SECOND = a_png(4, 3)
    LARGE = a_large_png()

    @pytest.mark.parametrize(
        ("first", "second"),
        [(FIRST, FIRST), (FIRST, SECOND), (FIRST, LARGE), (LARGE, SECOND), (LARGE, LARGE)],
        ids=["same", "small-small", "small-large", "large-small", "large-large"],
    )
    def test_what_lies_there_stays_and_is_what_the_second_writer_hears_of(
        self, buckets: Buckets, first: bytes, second: bytes
    ) -> None:
        store(buckets.media, first)

        image = store(buckets.media, second)

        assert image == described(first, width=8, height=6)
        assert buckets.images() == {KEY: first}
        assert buckets.unfinished_uploads() == 0


class TestNotAWholeImage:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x89PNG",
            b"<html>not found</html>",
            a_png()[:-1],
            a_png()[:40],
            a_picture("JPEG")[:-2],
            a_picture("WEBP")[:-1],
            a_picture("GIF")[:-1],
            9 * 2**20 * b"x",
            a_large_png()[:-1],
            a_large_png()[:_HEAD_BYTES] + 9 * 2**20 * b"x",
        ],
        ids=[
            "empty",
            "too-short",
            "page",
            "png-without-end",
            "png-without-picture",
            "jpeg-without-end",
            "webp-without-end",
            "gif-without-end",
            "large-nothing",
            "large-without-end",
            "large-out-of-step",
        ],
    )
    def test_it_is_refused_and_leaves_nothing_behind(
        self, buckets: Buckets, content: bytes
    ) -> None:
        with pytest.raises(ResultUnavailable) as refused:
            store(buckets.media, content)

        assert refused.value.fault.code is ErrorCode.NOT_AN_IMAGE
        assert is_clean(buckets)

    @pytest.mark.parametrize("content", [a_png(), a_large_png()], ids=["small", "large"])
    def test_a_source_that_breaks_off_leaves_nothing_behind(
        self, buckets: Buckets, content: bytes
    ) -> None:
        gone = ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message="connection lost"))

        def breaking_off() -> Iterator[bytes]:
            yield from pieces(content[:-1])
            raise gone

        with pytest.raises(ResultUnavailable) as lost:
            buckets.media.store(JOB, attempt=1, position=0, download=Download(breaking_off()))

        assert lost.value is gone
        assert is_clean(buckets)

    def test_after_a_refusal_the_whole_image_can_still_be_stored(self, buckets: Buckets) -> None:
        with pytest.raises(ResultUnavailable):
            store(buckets.media, a_png()[:-1])

        store(buckets.media, a_png())

        assert buckets.images() == {KEY: a_png()}


UNKNOWN = bytes(range(256))
LARGE_UNKNOWN = bytes(range(256)) * 40_000
AVIF = b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + bytes(100)


class TestNotSound:
    """Bytes that no decoder here would take, and that were paid for."""

    @pytest.mark.parametrize(
        ("content", "content_type", "extension"),
        [
            (AVIF, "image/avif", "avif"),
            (UNKNOWN, "application/octet-stream", "bin"),
            (LARGE_UNKNOWN, "application/octet-stream", "bin"),
        ],
        ids=["avif", "unknown", "large-unknown"],
    )
    def test_of_another_format_it_is_stored_when_as_much_came_as_was_announced(
        self, buckets: Buckets, content: bytes, content_type: str, extension: str
    ) -> None:
        announced = Download(pieces(content), announced=len(content))

        image = buckets.media.store(JOB, attempt=1, position=0, download=announced)

        assert (image.content_type, image.key.rpartition(".")[2]) == (content_type, extension)
        assert (image.width, image.height, image.verified) == (None, None, False)
        assert buckets.images() == {image.key: content}

    @pytest.mark.parametrize(
        "content",
        [a_png()[:-1], a_picture("JPEG")[:-2], a_large_png()[:-1], AVIF, LARGE_UNKNOWN],
        ids=["png", "jpeg", "large-png", "avif", "large-unknown"],
    )
    def test_what_may_have_been_cut_is_stored_once_the_same_bytes_come_again(
        self, buckets: Buckets, content: bytes
    ) -> None:
        with pytest.raises(ResultDamaged) as first:
            store(buckets.media, content)
        assert is_clean(buckets)

        again = Download(pieces(content), seen_sha256=first.value.sha256)
        image = buckets.media.store(JOB, attempt=1, position=0, download=again)

        assert (image.verified, image.sha256) == (False, first.value.sha256)
        assert buckets.images() == {image.key: content}
        assert buckets.unfinished_uploads() == 0

    def test_other_damaged_bytes_do_not_confirm_the_first(self, buckets: Buckets) -> None:
        seen = hashlib.sha256(a_png()[:-2]).hexdigest()

        with pytest.raises(ResultDamaged):
            buckets.media.store(
                JOB,
                attempt=1,
                position=0,
                download=Download(pieces(a_png()[:-1]), seen_sha256=seen),
            )

        assert is_clean(buckets)

    @pytest.mark.parametrize("content", [a_png()[:-1], AVIF, UNKNOWN])
    def test_what_is_all_there_is_is_stored_as_it_is(
        self, buckets: Buckets, content: bytes
    ) -> None:
        whole = Download(pieces(content), is_whole=True)

        image = buckets.media.store(JOB, attempt=1, position=0, download=whole)

        assert image.verified is False
        assert buckets.images() == {image.key: content}

    @pytest.mark.parametrize("content", [b"", b"<html>gone</html>", b"%PDF-1.7" + UNKNOWN])
    def test_what_is_no_image_is_refused_however_often_it_comes(
        self, buckets: Buckets, content: bytes
    ) -> None:
        seen = hashlib.sha256(content).hexdigest()
        download = Download(pieces(content), len(content), is_whole=True, seen_sha256=seen)

        with pytest.raises(ResultUnavailable) as refused:
            buckets.media.store(JOB, attempt=1, position=0, download=download)

        assert refused.value.fault.code is ErrorCode.NOT_AN_IMAGE
        assert is_clean(buckets)

    def test_what_lies_there_is_described_as_it_is_not_as_it_was_fetched(
        self, buckets: Buckets
    ) -> None:
        first = Download(pieces(a_png()[:-1]), is_whole=True)
        stored = buckets.media.store(JOB, attempt=1, position=0, download=first)

        assert store(buckets.media, a_png()) == stored


class TestRemoving:
    def test_nothing_of_a_job_is_left_and_other_jobs_images_stay(self, buckets: Buckets) -> None:
        for attempt, position in [(1, 0), (1, 1), (2, 0)]:
            store(buckets.media, a_png(), attempt=attempt, position=position)
        other = buckets.media.store(
            a_job(1).id, attempt=1, position=0, download=Download(pieces(a_png()))
        )

        buckets.media.remove(JOB)

        assert buckets.images() == {other.key: a_png()}

    def test_removing_again_is_no_error(self, buckets: Buckets) -> None:
        store(buckets.media, a_large_png())

        buckets.media.remove(JOB)
        buckets.media.remove(JOB)

        assert buckets.images() == {}

    def test_after_that_other_bytes_can_lie_under_the_same_key(self, buckets: Buckets) -> None:
        store(buckets.media, a_png(4, 3))
        buckets.media.remove(JOB)

        image = store(buckets.media, a_png(8, 6))

        assert image == described(a_png(8, 6), width=8, height=6)

    def test_an_object_that_s3_keeps_is_not_passed_over(self) -> None:
        client = Aws().s3
        kept = {"Key": KEY, "Code": "InternalError", "Message": "try again"}
        with Stubber(client) as stubber:
            stubber.add_response("list_objects_v2", {"Contents": [{"Key": KEY}]})
            stubber.add_response("delete_objects", {"Errors": [kept]})

            with pytest.raises(OSError, match="S3 kept 1 objects"):
                S3MediaStore(client, bucket="bucket").remove(JOB)


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
class TestLinks:
    """Memory's links lead nowhere."""

    @pytest.mark.parametrize("content", [a_png(), a_large_png()], ids=["small", "large"])
    def test_a_link_opens_what_was_stored_under_the_name_it_is_given(
        self, media: MediaStore, content: bytes
    ) -> None:
        image = store(media, content)

        answer = fetch(media.link(image.key, filename="fox 1.png"))

        assert answer.content == content
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-disposition"] == 'attachment; filename="fox 1.png"'

    def test_a_link_opens_nothing_else(self, media: MediaStore) -> None:
        link = media.link(store(media, a_png()).key, filename="a.png")
        other = store(media, a_png(), position=1)

        assert fetch(link.replace(KEY, other.key)).status_code == HTTPStatus.FORBIDDEN
        assert fetch(link.replace("a.png", "a.exe")).status_code == HTTPStatus.FORBIDDEN

    def test_a_link_opens_nothing_once_its_time_is_over(self, media: MediaStore) -> None:
        link = media.link(store(media, a_png()).key, filename="a.png")
        (signed_at,) = parse_qs(urlsplit(link).query)["X-Amz-Date"]
        long_ago = link.replace(signed_at, "20200101T000000Z")

        assert fetch(long_ago).status_code == HTTPStatus.FORBIDDEN

    def test_an_object_without_a_link_is_closed(self, media: MediaStore) -> None:
        link = media.link(store(media, a_png()).key, filename="a.png")

        assert fetch(link.partition("?")[0]).status_code == HTTPStatus.FORBIDDEN

    def test_a_link_works_for_minutes_and_an_uploads_link_for_hours(self, buckets: Buckets) -> None:
        upload_id = buckets.uploads.put(a_png(), content_type="image/png", tenant="acme")

        assert seconds_of(buckets.media.link(KEY, filename="a.png")) == 15 * 60
        assert seconds_of(buckets.uploads.link(content_object("acme", upload_id))) == 6 * 3600

    def test_a_link_lasts_as_long_as_is_asked(self, buckets: Buckets) -> None:
        link = buckets.media.link(KEY, filename="a.png", life=timedelta(hours=6))

        assert seconds_of(link) == 6 * 3600

    def test_an_uploads_link_opens_what_was_uploaded(self, uploads: Uploads) -> None:
        upload_id = uploads.put(a_picture("WEBP"), content_type="image/webp", tenant="acme")

        answer = fetch(uploads.link(content_object("acme", upload_id)))

        assert answer.content == a_picture("WEBP")
        assert answer.headers["content-type"] == "image/webp"


def fetch(link: str) -> requests.Response:
    """Fetch as a stranger would, with the one library that moto serves too."""
    with requests.Session() as stranger:
        stranger.trust_env = False
        return stranger.get(link, timeout=10)


def seconds_of(link: str) -> int:
    (seconds,) = parse_qs(urlsplit(link).query)["X-Amz-Expires"]
    return int(seconds)


def tags_of(aws: Aws, bucket: str, key: str) -> dict[str, str]:
    found = aws.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def tags_of_two(aws: Aws, content: bytes) -> list[dict[str, str]]:
    """Store an image for seven days and one for good; return the tags of both."""
    bucket = aws.new_bucket()
    media = S3MediaStore(aws.s3, bucket=bucket, in_one_call=IN_ONE_CALL)
    media.store(JOB, attempt=1, position=0, download=Download(pieces(content)), keep_days=7)
    media.store(JOB, attempt=1, position=1, download=Download(pieces(content)))
    return [tags_of(aws, bucket, KEY.replace("/0.", f"/{position}.")) for position in (0, 1)]


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_how_long_an_image_is_kept_stands_on_it(aws: Aws) -> None:
    assert tags_of_two(aws, a_png()) == [{"retention-days": "7"}, {}]


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_how_long_a_large_image_is_kept_stands_on_it(aws: Aws) -> None:
    assert tags_of_two(aws, a_large_png()) == [{"retention-days": "7"}, {}]


def test_a_copy_has_the_same_bytes_and_lies_over_the_one_before(buckets: Buckets) -> None:
    for name in ("edits/a b+c%20.png/0.png", "edits/naïve 🦊.png/0.png"):
        buckets.media.write_document(name, b"before")
        image = store(buckets.media, a_png())

        buckets.media.place(image, to=name, of=JOB)

        assert buckets.media.read(name) == a_png()


def test_what_is_not_there_cannot_be_copied(buckets: Buckets) -> None:
    image = store(buckets.media, a_png())
    buckets.media.remove(JOB)

    with pytest.raises(ResultUnavailable):
        buckets.media.place(image, to="edits/cat.png/0.png", of=JOB)
    with pytest.raises(ResultUnavailable):
        buckets.media.read("edits/cat.png/0.png")


def test_an_image_is_read_as_it_was_stored(buckets: Buckets) -> None:
    store(buckets.media, a_png())

    assert buckets.media.read(KEY) == a_png()


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_a_copy_is_what_it_is_a_copy_of_and_kept_as_long(aws: Aws) -> None:
    bucket = aws.new_bucket()
    media = S3MediaStore(aws.s3, bucket=bucket)
    image = media.store(JOB, attempt=1, position=0, download=Download(pieces(a_png())), keep_days=7)

    media.place(image, to="edits/cat.png/0.png", of=JOB)

    copy = aws.s3.get_object(Bucket=bucket, Key="edits/cat.png/0.png")
    assert (copy["Body"].read(), copy["ContentType"]) == (a_png(), "image/png")
    assert tags_of(aws, bucket, "edits/cat.png/0.png") == {"retention-days": "7"}


def test_of_what_was_placed_a_job_takes_back_its_own(buckets: Buckets) -> None:
    image = store(buckets.media, a_png())
    ours, theirs, next_to_it = (
        f"edits/cat.png/{name}" for name in ("0.png", "1.png", "0.png/0.png")
    )
    buckets.media.place(image, to=ours, of=JOB)
    buckets.media.place(image, to=theirs, of=JOB)
    buckets.media.place(image, to=theirs, of=OTHER)
    buckets.media.place(image, to=next_to_it, of=OTHER)
    buckets.media.write_document("edits/cat.png/job.json", b"{}", of=JOB)
    names = [ours, theirs, "edits/cat.png/job.json", "edits/cat.png/never.png"]

    for _ in range(2):
        buckets.media.displace(names, of=JOB)

    assert buckets.media.read(theirs) == buckets.media.read(next_to_it) == a_png()
    for key in (ours, "edits/cat.png/job.json"):
        with pytest.raises(ResultUnavailable):
            buckets.media.read(key)
