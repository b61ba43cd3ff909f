"""The console's files as they are served, and what a browser may do with them.

The folder is read once and makes the list of what there is: a name that is not on it is nothing,
whatever path it spells.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from shared.api.security import SECURITY_HEADERS

START_PAGE: Final = "index.html"
_FOLDER: Final = Path(__file__).resolve().parents[2] / "console"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleFile:
    content_type: str
    content: bytes
    packed: bytes

    @property
    def etag(self) -> str:
        # Weak: packed or not, it is the same file.
        return f'W/"{sha256(self.content).hexdigest()[:20]}"'


@cache
def console_files(folder: Path = _FOLDER) -> Mapping[str, ConsoleFile]:
    """Return what the console consists of, by name."""
    return {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES}


def console_headers(*, images: str, uploads: str) -> dict[str, str]:
    """Return the headers of every file; pictures come from one bucket and go into another."""
    return SECURITY_HEADERS | {
        # Asked for each time and seldom sent: the ETag says whether it is still the same.
        "cache-control": "no-cache",
        "content-security-policy": "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src 'self' data: blob: {_origin(images)}",
                f"connect-src 'self' {_origin(uploads)}",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ]
        ),
        "cross-origin-opener-policy": "same-origin",
        "vary": "accept-encoding",
    }


def _read(path: Path) -> ConsoleFile:
    content = path.read_bytes()
    # An HTTP API compresses nothing itself. Without a time the bytes depend on the content alone.
    packed = gzip.compress(content, mtime=0)
    return ConsoleFile(content_type=_TYPES[path.suffix], content=content, packed=packed)


def _origin(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}"
