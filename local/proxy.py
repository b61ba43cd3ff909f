"""The front door on loopback: hands requests to the engine's HTTP API as AWS's gateway would.

Bridges:

* The engine tells its APIs apart by host name: here the API is named in the path instead, so the
  caller's Host header reaches the function, and no path of a caller's can mean the engine itself.
* The engine enforces no limits: bodies of 10 MB, Lambda payloads of 6 MB each way and 30 s for an
  integration are refused and answered as an HTTP API answers.
* A function that failed is a 502 with its stack trace there, a plain 500 here.
"""

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

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


def unavailable() -> Response:
    return _message(503, "Service Unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One HTTP API behind its limits, as an ASGI application."""

    upstream: httpx.AsyncClient
    api_id: str
    seconds: float = INTEGRATION_SECONDS

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
            async with asyncio.timeout(self.seconds):
                status, headers, content = await self._forward(request, body)
        except (TimeoutError, httpx.TransportError):
            return unavailable()
        if _payload_size(content) > PAYLOAD_LIMIT or _is_function_error(status, content):
            return failed()
        response = Response(content, status)
        response.raw_headers = headers
        return response

    async def _forward(self, request: Request, body: bytes) -> tuple[int, Headers, bytes]:
        path = request.scope["raw_path"]
        query = request.scope["query_string"]
        target = f"/_aws/execute-api/{self.api_id}/$default".encode() + path
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


def create_app(*, engine_url: str, api_id: str) -> ASGIApp:
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
    app.router.default = Gateway(upstream=upstream, api_id=api_id)
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
