"""Where the API is and who asks, checked before anything is sent."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from .errors import Misconfigured
from .version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    url: str
    key: str

    @classmethod
    def of(cls, url: str | None, key: str | None, environ: Mapping[str, str] = os.environ) -> Self:
        """Fill in what was not given from SEEDHOOK_URL and SEEDHOOK_API_KEY."""
        url = url or environ.get("SEEDHOOK_URL")
        key = key or environ.get("SEEDHOOK_API_KEY")
        if not url:
            raise Misconfigured("no address: give url=, or set SEEDHOOK_URL")
        if not key:
            raise Misconfigured("no key: give key=, or set SEEDHOOK_API_KEY")
        return cls(url=_checked_url(url), key=_checked_key(key))

    def headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.key}",
            "user-agent": f"seedhook-python/{__version__}",
        }


def origin_of(url: str) -> str:
    """Return as much of a signed link as may be told."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _checked_url(url: str) -> str:
    """Return where the API's paths begin, however the address was written."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misconfigured(f"{url!r} is no address such as http://127.0.0.1:8787")
    return url.rstrip("/").removesuffix("/v1")


def _checked_key(key: str) -> str:
    if not all("!" <= char <= "~" for char in key):
        raise Misconfigured("the key holds a character that no key has")
    return key
