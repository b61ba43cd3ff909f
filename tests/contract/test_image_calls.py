"""What storing an image costs in calls, and what S3 is told of its bytes."""

import hashlib
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.adapters.s3.media import S3MediaStore
from shared.ports.media import Download
from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import a_job, a_large_png, pieces
from tests.pictures import a_png

JOB = a_job().id
KEY = f"images/{JOB}/1/0.png"
MEBIBYTE = 2**20

pytestmark = pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)


def store(aws: Aws, bucket: str, content: bytes) -> None:
    download = Download(pieces(content), announced=len(content))
    S3MediaStore(aws.s3, bucket=bucket).store(JOB, attempt=1, position=0, download=download)


def calls(aws: Aws, content: bytes) -> list[str]:
    bucket, seen = aws.new_bucket(), []

    def note(model: Any, **_: object) -> None:
        seen.append(model.name)

    aws.s3.meta.events.register("before-call.s3", note)
    try:
        store(aws, bucket, content)
    finally:
        aws.s3.meta.events.unregister("before-call.s3", note)
    return seen


@pytest.mark.parametrize("content", [a_png(), a_large_png(31 * MEBIBYTE)], ids=["small", "31 MiB"])
def test_an_image_of_up_to_32_mebibytes_takes_one_call(aws: Aws, content: bytes) -> None:
    assert calls(aws, content) == ["PutObject"]


def test_a_larger_image_takes_one_part_more_for_each_8_mebibytes(aws: Aws) -> None:
    seen = calls(aws, a_large_png(41 * MEBIBYTE))

    assert seen[0] == "CreateMultipartUpload"
    assert seen[1:-1] == 3 * ["UploadPart"]
    assert seen[-1] == "CompleteMultipartUpload"


def test_s3_is_told_the_checksum_and_keeps_it(aws: Aws) -> None:
    bucket = aws.new_bucket()

    store(aws, bucket, a_png())

    told = aws.s3.head_object(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")
    assert told["ChecksumSHA256"] == b64encode(hashlib.sha256(a_png()).digest()).decode()


def test_the_signature_binds_the_checksum_and_hashes_no_bytes_again(aws: Aws) -> None:
    sent = []

    def note(request: Any, **_: object) -> None:
        sent.append({name.lower(): request.headers[name] for name in request.headers})

    bucket = aws.new_bucket()
    aws.s3.meta.events.register_first("before-send.s3.PutObject", note)
    try:
        store(aws, bucket, a_png())
    finally:
        aws.s3.meta.events.unregister("before-send.s3.PutObject", note)

    (headers,) = sent
    assert headers["x-amz-content-sha256"] in {"UNSIGNED-PAYLOAD", b"UNSIGNED-PAYLOAD"}
    assert "x-amz-checksum-sha256" in str(headers["authorization"])
    assert not {name for name in headers if name.startswith("x-amz-checksum-crc")}


def test_bytes_that_change_on_the_way_are_not_stored(aws: Aws) -> None:
    def spoil(request: Any, **_: object) -> None:
        request.data = BytesIO(request.data.read()[:-1] + b"?")

    bucket = aws.new_bucket()
    aws.s3.meta.events.register_first("before-sign.s3.PutObject", spoil)
    try:
        with pytest.raises(ClientError, match="BadDigest"):
            store(aws, bucket, a_png())
    finally:
        aws.s3.meta.events.unregister("before-sign.s3.PutObject", spoil)

    assert "Contents" not in aws.s3.list_objects_v2(Bucket=bucket)
