"""Reading the reference images of a request."""

import asyncio
import base64
import binascii
import io
from dataclasses import dataclass
from enum import Enum, auto

import httpx
from PIL import Image

from local.sandbox.outgoing import is_loopback, is_web
from local.sandbox.sizes import Size

MAX_BYTES = 20 * 1024 * 1024
MAX_SOURCE_PIXELS = 64_000_000
PATIENCE_SECONDS = 10
TILE = 448
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class Why(Enum):
    TIMEOUT = auto()
    STATUS = auto()
    TOO_LARGE = auto()
    NOT_AN_IMAGE = auto()


class Unreadable(Exception):
    def __init__(self, url: str, why: Why, status: int | None = None) -> None:
        super().__init__(why.name)
        self.url = url if is_web(url) else "data"
        self.why = why
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A readable reference with a tile to show, or one on a host that is never contacted."""

    size: Size | None = None
    tile: Image.Image | None = None


class References:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def read(self, urls: tuple[str, ...]) -> tuple[Reference, ...]:
        return tuple([await self._read_one(url) for url in urls])

    async def _read_one(self, url: str) -> Reference:
        if not is_web(url):
            data = _inline(url)
        elif is_loopback(url):
            data = await self._fetch(url)
        else:
            return Reference()
        return await asyncio.to_thread(_decode, url, data)

    async def _fetch(self, url: str) -> bytes:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._download(url)
        except (TimeoutError, httpx.TransportError) as exc:
            raise Unreadable(url, Why.TIMEOUT) from exc

    async def _download(self, url: str) -> bytes:
        data = bytearray()
        async with self._client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise Unreadable(url, Why.STATUS, response.status_code)
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise Unreadable(url, Why.TOO_LARGE)
        return bytes(data)


def _inline(url: str) -> bytes:
    """Decode a data URI, or base64 standing alone."""
    payload = url.partition(",")[2] if url.startswith("data:") else url
    try:
        data = base64.b64decode(payload, validate=True)
    except binascii.Error as exc:
        raise Unreadable(url, Why.NOT_AN_IMAGE) from exc
    if len(data) > MAX_BYTES:
        raise Unreadable(url, Why.TOO_LARGE)
    return data


def _decode(url: str, data: bytes) -> Reference:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            size = Size(*image.size)
            if size.pixels > MAX_SOURCE_PIXELS:
                raise Unreadable(url, Why.TOO_LARGE)
            image.thumbnail((TILE, TILE))
            return Reference(size=size, tile=image.convert("RGB"))
    # Pillow's own words for a broken file.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise Unreadable(url, Why.NOT_AN_IMAGE) from exc
