"""As much of HTTP/1.1 as the benchmark's own ends need: bodies with a length, kept connections.

Small, because what it costs is in every figure, the floor's included.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from local.ports import LOOPBACK

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_LONGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer; names of headers are in lower case."""

    start: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.start.split()[1]

    @property
    def status(self) -> int:
        return int(self.start.split()[1])


type Answerer = Callable[[Message], Awaitable[bytes]]


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """Return the next message of a connection, None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    start, *lines = head[:-4].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Message(start, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def message(start: str, body: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> bytes:
    fields = {"content-type": "application/json", **headers, "content-length": str(len(body))}
    lines = [start, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def reply(status: int, content: object, headers: Mapping[str, str] = _NO_HEADERS) -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return message(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", body, headers)


async def serve(port: int, answer: Answerer) -> None:
    """Serve on loopback until the process is ended."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while request := await read_message(reader):
                writer.write(await answer(request))
                await writer.drain()
                if request.headers.get("connection") == "close":
                    break
        writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, port, limit=_LONGEST)
    await server.serve_forever()
