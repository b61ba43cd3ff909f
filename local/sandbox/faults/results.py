"""Faults of the files that results are fetched as."""

import gzip
from asyncio import to_thread
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Annotated, Final, Literal, override

from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from local.sandbox.background import Stopped
from local.sandbox.connection import hang_up
from local.sandbox.faults.calls import PAGE
from local.sandbox.faults.fault import Fault, Place, Sleep
from local.sandbox.faults.formats import encoded, other_format
from local.sandbox.strict import broken

STORE_ERROR: Final = '<?xml version="1.0"?><Error><Code>{}</Code><Message>{}</Message></Error>'
CHUNK: Final = bytes(65_536)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    request: Request
    content_type: str
    data: bytes
    number: int  # the file's first fetch is 1
    elsewhere: str  # where the same file lies without any fault
    wait: Sleep

    def plain(self) -> Response:
        return Response(self.data, media_type=self.content_type)

    def streamed(self, pieces: AsyncIterator[bytes], *, length: int | None = None) -> Response:
        answer = StreamingResponse(self._until_stopped(pieces), media_type=self.content_type)
        if length is not None:
            answer.headers["content-length"] = str(length)
        return answer

    async def half(self) -> AsyncIterator[bytes]:
        yield self.data[: len(self.data) // 2]
        await hang_up(self.request)

    async def _until_stopped(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        except Stopped:
            await hang_up(self.request)


class ResultFault(Fault):
    """Serves a file in its own way."""

    def concerns(self, fetch: Fetch) -> bool:
        del fetch
        return True

    async def serve(self, fetch: Fetch) -> Response:
        raise NotImplementedError


class _ForSomeFetches(ResultFault):
    fetches: Annotated[int, Field(ge=1)] | None = None  # of each file; all when not given

    @override
    def concerns(self, fetch: Fetch) -> bool:
        return self.fetches is None or fetch.number <= self.fetches


class NotFound(_ForSomeFetches):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return _store_error(HTTPStatus.NOT_FOUND, "NoSuchKey", "The key does not exist")


class Expired(_ForSomeFetches):
    status: Literal[403, 410] = 403

    @override
    async def serve(self, fetch: Fetch) -> Response:
        return _store_error(HTTPStatus(self.status), "AccessDenied", "Request has expired")


class Truncated(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return fetch.streamed(fetch.half(), length=len(fetch.data))


class Cut(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return fetch.streamed(fetch.half())


class Html(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return HTMLResponse(PAGE.format("Just a moment..."))


class Empty(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return Response(media_type=fetch.content_type)


class Drip(ResultFault):
    bytes_per_second: Annotated[int, Field(ge=1)] = 1

    @override
    async def serve(self, fetch: Fetch) -> Response:
        return fetch.streamed(self._drops(fetch), length=len(fetch.data))

    async def _drops(self, fetch: Fetch) -> AsyncIterator[bytes]:
        for start in range(0, len(fetch.data), self.bytes_per_second):
            yield fetch.data[start : start + self.bytes_per_second]
            await fetch.wait(1)


class Endless(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        return fetch.streamed(self._chunks(fetch))

    async def _chunks(self, fetch: Fetch) -> AsyncIterator[bytes]:
        yield fetch.data
        for _ in count():
            await fetch.wait(0)  # lets others work, and ends with the sandbox
            yield CHUNK


class WrongType(ResultFault):
    content_type: Annotated[str, Field(pattern=r"^[!-~]+/[!-~]+$")] = "text/html"

    @override
    async def serve(self, fetch: Fetch) -> Response:
        return Response(fetch.data, headers={"content-type": self.content_type})


class Gzip(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        data = gzip.compress(fetch.data, compresslevel=1)
        return Response(data, headers={"content-encoding": "gzip"}, media_type=fetch.content_type)


class OtherFormat(ResultFault):
    """The picture in a format that nobody asked for."""

    format: Literal["avif", "heic", "bmp", "tiff", "jxl"] = "avif"

    @override
    async def serve(self, fetch: Fetch) -> Response:
        data = await to_thread(other_format, fetch.data, self.format)
        return Response(data, media_type=f"image/{self.format}")


class JpegWithoutEnd(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        data = await to_thread(encoded, fetch.data, "JPEG")
        return Response(data[:-2], media_type="image/jpeg")


class Damaged(ResultFault):
    @override
    async def serve(self, fetch: Fetch) -> Response:
        middle = len(fetch.data) // 2
        return Response(fetch.data[:middle] + fetch.data[middle + 20 :], media_type="image/png")


TARGETS: Final = {
    "private": "http://169.254.169.254/latest/meta-data/",
    "file": "file:///etc/hostname",
    "http": "http://elsewhere.example/picture.png",
    "loop": "{here}",
    "good": "{elsewhere}",
}


def _target(name: str) -> str:
    if name not in TARGETS and "://" not in name:
        raise broken(f"not a URL and none of {', '.join(TARGETS)}")
    return name


class Redirect(ResultFault):
    to: Annotated[str, AfterValidator(_target)]

    @override
    async def serve(self, fetch: Fetch) -> Response:
        target = TARGETS.get(self.to)
        places = {"here": fetch.request.url, "elsewhere": fetch.elsewhere}
        return RedirectResponse(target.format_map(places) if target else self.to, 302)


def _store_error(status: HTTPStatus, code: str, text: str) -> Response:
    return Response(STORE_ERROR.format(code, text), status, media_type="application/xml")


RESULT: Final = Place("result", ResultFault)
