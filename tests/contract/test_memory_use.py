"""What passes a function takes part of its 512 MB; what is decoded has 1024 MB to itself."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from local.engine import ROOT, Engine
from tests.contract.aws import Aws
from tests.contract.samples import large_png_pieces
from tests.contract.store_huge_image import SIZE
from tests.patience import PATIENCE_SECONDS

_MEGABYTE = 1024  # in kilobytes


@pytest.mark.engine
def test_a_huge_image_is_stored_in_little_memory(engine: Engine, ministack: Aws) -> None:
    bucket = ministack.new_bucket()

    run = subprocess.run(
        [sys.executable, "-m", "tests.contract.store_huge_image", engine.url, bucket],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
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


# The largest that a model makes; and the largest that is taken, of the kind that takes most.
@pytest.mark.parametrize(
    ("mode", "size", "kind", "megabytes"),
    [
        ("RGB", (4096, 4096), "PNG", 256),
        ("RGBA", (8192, 4096), "WEBP", 700),
    ],
    ids=["png", "webp"],
)
def test_a_huge_image_is_decoded_in_the_memory_there_is(
    tmp_path: Path, mode: str, size: tuple[int, int], kind: str, megabytes: int
) -> None:
    file = tmp_path / "huge"
    picture = Image.linear_gradient("L").resize(size).convert(mode)
    picture.save(file, kind, compress_level=1, method=0)

    run = subprocess.run(
        [sys.executable, "-m", "tests.contract.preview_huge_image", file],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )

    said = json.loads(run.stdout)
    assert said["bytes"] > 0
    assert said["peak"] < megabytes * _MEGABYTE
