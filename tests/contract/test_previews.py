"""Previews: how they lie beside their images, how they are asked for, and what they are made of."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from shared.adapters.memory.previews import MemoryPreviewer
from shared.adapters.pillow_previews import PillowPreviewer
from shared.adapters.s3.media import S3MediaStore
from shared.adapters.sqs import SqsPreviewQueue
from shared.domain.errors import Undecodable
from shared.domain.image import MOST_PIXELS
from shared.ports.media import Download, MediaStore, Preview, Previewer
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import a_job, a_picture, pieces
from tests.contract.worlds import (
    Buckets,
    PreviewMailbox,
    memory_preview_mailbox,
    sqs_preview_mailbox,
)
from tests.pictures import a_png

JOB, OTHER = a_job(0).id, a_job(1).id
KEY = f"previews/{JOB}/1/0.webp"


def keep(media: MediaStore, content: bytes, *, position: int = 0) -> None:
    media.store_preview(JOB, attempt=1, position=position, content=content)


class TestBucket:
    def test_a_preview_lies_under_its_key(self, buckets: Buckets) -> None:
        keep(buckets.media, b"small")

        assert buckets.previews() == {KEY: b"small"}

    def test_what_lies_there_stays(self, buckets: Buckets) -> None:
        for content in (b"first", b"second"):
            keep(buckets.media, content)

        assert buckets.previews() == {KEY: b"first"}

    def test_previews_go_with_the_images_of_their_job(self, buckets: Buckets) -> None:
        buckets.media.store(JOB, attempt=1, position=0, download=Download(pieces(a_png())))
        keep(buckets.media, b"small")
        buckets.media.store_preview(OTHER, attempt=1, position=0, content=b"another's")

        buckets.media.remove(JOB)

        assert buckets.images() == {}
        assert list(buckets.previews().values()) == [b"another's"]

    def test_previews_alone_can_go(self, buckets: Buckets) -> None:
        image = buckets.media.store(JOB, attempt=1, position=0, download=Download(pieces(a_png())))
        for position in (0, 1):
            keep(buckets.media, b"small", position=position)

        buckets.media.remove_previews(JOB)

        assert (list(buckets.images()), buckets.previews()) == ([image.key], {})

    def test_no_more_is_read_than_is_asked(self, buckets: Buckets) -> None:
        key = buckets.media.store(
            JOB, attempt=1, position=0, download=Download(pieces(a_png()))
        ).key

        assert buckets.media.read(key, at_most=10) == a_png()[:10]
        assert buckets.media.read(key, at_most=10**6) == a_png()


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_a_preview_says_what_it_is_and_how_long_it_is_kept(aws: Aws) -> None:
    bucket = aws.new_bucket()
    media = S3MediaStore(aws.s3, bucket=bucket)
    media.store_preview(JOB, attempt=1, position=0, content=b"small", keep_days=30)

    found = aws.s3.head_object(Bucket=bucket, Key=KEY)
    tags = aws.s3.get_object_tagging(Bucket=bucket, Key=KEY)["TagSet"]

    assert found["ContentType"] == "image/webp"
    assert tags == [{"Key": "retention-days", "Value": "30"}]


@pytest.fixture
def mailbox(aws: Aws | None) -> PreviewMailbox:
    return sqs_preview_mailbox(aws) if aws else memory_preview_mailbox()


def test_a_request_for_previews_arrives(mailbox: PreviewMailbox) -> None:
    mailbox.queue.send(JOB)

    assert mailbox.received() == [JOB]


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_who_asks_is_not_disturbed_when_the_queue_is_gone(
    aws: Aws, caplog: pytest.LogCaptureFixture
) -> None:
    SqsPreviewQueue(aws.sqs, url=f"{aws.new_queue()}-gone").send(JOB)

    assert "previews were not asked for" in caplog.text


@pytest.fixture(params=["memory", "pillow"])
def previewer(request: pytest.FixtureRequest) -> Previewer:
    if request.param == "memory":
        return MemoryPreviewer()
    return PillowPreviewer(most_pixels=MOST_PIXELS)


def sides(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content), formats=["WEBP"]) as image:
        image.load()
        return image.size


def check(preview: Preview) -> None:
    head, _, data = preview.placeholder.partition(",")
    assert max(sides(preview.content)) <= 512
    assert head == "data:image/webp;base64"
    assert max(sides(base64.b64decode(data))) <= 16
    assert len(preview.placeholder) < 400


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_gets_a_small_and_a_tiny_one(previewer: Previewer, kind: str) -> None:
    check(previewer(a_picture(kind, width=1600, height=900)))


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", a_png()[:-4], a_png()[:40], a_picture("GIF")],
    ids=["nothing", "html", "cut", "cut-short", "gif"],
)
def test_of_anything_else_no_preview_is_made(previewer: Previewer, content: bytes) -> None:
    with pytest.raises(Undecodable):
        previewer(content)
