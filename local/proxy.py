"""The front doors on loopback: hand requests to the HTTP API, or to the function URL, as AWS does.

Bridges:

* The engine tells its APIs and URLs apart by host name: here they are named in the path instead, so
  an API's function sees the caller's Host header, and no path of a caller's can mean the engine
  itself.
* The engine enforces no limits: bodies of 10 MB and 30 s for an integration of the HTTP API, and
  Lambda payloads of 6 MB each way at both, are refused and answered as AWS answers.
* A function that failed is a 502 with its stack trace there: here it is a plain 500 of the HTTP
  API, or a plain 502 of the function URL.
"""

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.errors import StackError

BODY_LIMIT = 10 * 1024 * 1024
PAYLOAD_LIMIT = 6_291_556
INTEGRATION_SECONDS = 30.0
# Headers, request context and path of an event, generously.
_ENVELOPE = 4096
# One control character is six characters of JSON.
_WORST_ESCAPE = 6
_HOP_BY_HOP = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization"
    b" te trailer transfer-encoding upgrade".split()
)
_START_SECONDS = 5.0

Headers = list[tuple[bytes, bytes]]


def _message(status: int, text: str) -> Response:
    return Response(json.dumps({"message": text}), status, media_type="application/json")


def too_large() -> Response:
    return _message(413, "Request Entity Too Large")


def failed() -> Response:
    return _message(500, "Internal Server Error")


def bad_gateway() -> Response:
    return Response("Internal Server Error", 502, media_type="text/plain")


def unavailable() -> Response:
    return _message(503, "Service Unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the engine serves an API or a function URL, and how AWS limits it."""

    path: bytes
    seconds: float | None  # None: the function's own timeout ends the wait
    failed: Callable[[], Response]


def http_api(api_id: str, *, seconds: float = INTEGRATION_SECONDS) -> Door:
    path = f"/_aws/execute-api/{api_id}/$default"
    return Door(path=path.encode(), seconds=seconds, failed=failed)


def function_url(url: str) -> Door:
    """`url` begins as AWS::Lambda::Url gives it: its first label names it to the engine."""
    label = (urlsplit(url).hostname or "").partition(".")[0]
    return Door(path=f"/_aws/lambda-url/{label}".encode(), seconds=None, failed=bad_gateway)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One door behind its limits, as an ASGI application."""

    upstream: httpx.AsyncClient
    door: Door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await _body_within_limit(request)
        except ClientDisconnect:
            return
        response = too_large() if body is None else await self._answer(request, body)
        await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response:
        if _payload_size(body) > PAYLOAD_LIMIT:
            return too_large()
        try:
            async with asyncio.timeout(self.door.seconds):
                status, headers, content = await self._forward(request, body)
        except (TimeoutError, httpx.TransportError):
            return unavailable()
        except asyncio.CancelledError:  # the stack stops, and some requests still wait
            return unavailable()
        if _payload_size(content) > PAYLOAD_LIMIT or _is_function_error(status, content):
            return self.door.failed()
        response = Response(content, status)
        response.raw_headers = headers
        return response

    async def _forward(self, request: Request, body: bytes) -> tuple[int, Headers, bytes]:
        path = request.scope["raw_path"]
        query = request.scope["query_string"]
        target = self.door.path + path
        forwarded = httpx.Request(
            request.method,
            self.upstream.base_url,
            headers=_end_to_end(request.headers.raw),
            content=body,
            # Beside the URL, because a URL is normalised and this must not be.
            extensions={
                "target": target + (b"?" + query if query else b""),
                "timeout": httpx.Timeout(None, connect=5).as_dict(),
            },
        )
        response = await self.upstream.send(forwarded, stream=True)
        try:
            content = b"".join([chunk async for chunk in response.aiter_raw()])
        finally:
            await response.aclose()
        return response.status_code, _end_to_end(response.headers.raw), content


async def _body_within_limit(request: Request) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _payload_size(body: bytes) -> int:
    """Estimate the event or answer that carries this body: JSON text, or base64."""
    if len(body) * _WORST_ESCAPE + _ENVELOPE <= PAYLOAD_LIMIT:
        return len(body)
    try:
        return len(json.dumps(body.decode(), ensure_ascii=False).encode()) + _ENVELOPE
    except UnicodeDecodeError:
        return len(base64.b64encode(body)) + _ENVELOPE


def _is_function_error(status: int, content: bytes) -> bool:
    if status != httpx.codes.BAD_GATEWAY:
        return False
    try:
        return "errorMessage" in json.loads(content)
    except (ValueError, TypeError):
        return False


def _end_to_end(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def create_app(*, engine_url: str, door: Door) -> ASGIApp:
    upstream = httpx.AsyncClient(
        base_url=engine_url,
        trust_env=False,
        limits=httpx.Limits(max_connections=512, max_keepalive_connections=64),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield

    app = Starlette(lifespan=lifespan)
    # Not a route: Starlette's patterns stop at a line break, which a path may hold.
    app.router.default = Gateway(upstream=upstream, door=door)
    return app


@contextmanager
def serving(app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """Serve in a thread until the block ends."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="front-proxy")
    thread.start()
    try:
        _wait_for(server)
        yield
    finally:
        server.should_exit = True
        thread.join()


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            raise StackError("the front proxy does not start")
        time.sleep(0.005)
