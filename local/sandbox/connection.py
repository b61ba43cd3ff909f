"""Hanging up on a caller: ASGI has no word for it, so the server lends one."""

import asyncio
from typing import Final, override

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

CLOSE: Final = "sandbox.close"


class ClosableProtocol(H11Protocol):
    @override
    def connection_made(  # type: ignore[override]  # narrowed by uvicorn already
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def closable(scope: Scope, receive: Receive, send: Send) -> None:
            scope[CLOSE] = transport.close
            await app(scope, receive, send)

        self.app = closable


async def hang_up(request: Request) -> None:
    """Close the connection behind what was sent so far, and return when it is closed."""
    request.scope[CLOSE]()
    while (await request.receive())["type"] != "http.disconnect":
        pass


class HungUp(Response):
    """The answer that never comes."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await hang_up(Request(scope, receive))
