"""Run as a program: make a preview of a file, and print what that took.

Usage: python -m tests.contract.preview_huge_image FILE
"""

import json
import sys
from pathlib import Path

from shared.adapters.pillow_previews import PillowPreviewer
from shared.domain.image import MOST_PIXELS
from tests.contract.store_huge_image import peak_kilobytes


def main(file: str) -> None:
    content = Path(file).read_bytes()
    preview = PillowPreviewer(most_pixels=MOST_PIXELS)(content)
    json.dump({"bytes": len(preview.content), "peak": peak_kilobytes()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
