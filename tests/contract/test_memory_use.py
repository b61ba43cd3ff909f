"""A function has 512 MB; an image on its way to S3 may take only a part of it."""

import hashlib
import json
import subprocess
import sys

import pytest

from local.engine import ROOT, Engine
from tests.contract.aws import Aws
from tests.contract.samples import large_png_pieces
from tests.contract.store_huge_image import SIZE

_MEGABYTE = 1024  # in kilobytes


@pytest.mark.engine
def test_a_huge_image_is_stored_in_little_memory(engine: Engine, ministack: Aws) -> None:
    bucket = ministack.new_bucket()

    run = subprocess.run(
        [sys.executable, "-m", "tests.contract.store_huge_image", engine.url, bucket],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )

    said = json.loads(run.stdout)
    sha256, size = hashlib.sha256(), 0
    for piece in large_png_pieces(SIZE):
        sha256.update(piece)
        size += len(piece)
    stored = ministack.s3.get_object(Bucket=bucket, Key=said["image"]["key"])["Body"].read()
    assert (said["image"]["sha256"], said["image"]["bytes"]) == (sha256.hexdigest(), size)
    assert hashlib.sha256(stored).hexdigest() == sha256.hexdigest()
    assert said["peak"] < 200 * _MEGABYTE
    assert said["peak"] - said["before"] < 64 * _MEGABYTE
