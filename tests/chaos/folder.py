"""Where a run keeps its stack: in memory where there is room.

Every worker unpacks the whole package, some 2,400 files: on a slow disk that is all one would see.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
_ROOM: Final = 6 * 1024**3


def make_folder() -> Path:
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return Path(tempfile.mkdtemp(prefix="seedhook-chaos-", dir=_MEMORY if has_room else None))
