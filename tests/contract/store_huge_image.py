"""Run as a program: store a picture far larger than a part, and print what that took.

Usage: python -m tests.contract.store_huge_image URL BUCKET
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from shared.adapters.s3.media import S3MediaStore
from shared.domain.ids import JobId
from shared.ports.media import Download
from tests.contract.aws import Aws
from tests.contract.samples import large_png_pieces

JOB: Final = JobId("job_01KAGE8QW0000000000000000")
SIZE: Final = 40 * 1024 * 1024
_STATUS: Final = Path("/proc/self/status")


def peak_kilobytes() -> int:
    """Return the most memory this program held, not counting what it was forked from."""
    if _STATUS.exists():
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main(url: str, bucket: str) -> None:
    store = S3MediaStore(Aws(url).s3, bucket=bucket)
    before = peak_kilobytes()
    image = store.store(JOB, attempt=1, position=0, download=Download(large_png_pieces(SIZE)))
    json.dump({"image": asdict(image), "before": before, "peak": peak_kilobytes()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
