"""Serves an app on a free loopback port, in a thread of this process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import override

import uvicorn
from starlette.applications import Starlette

from local.sandbox.app import create_app
from local.sandbox.connection import ClosableProtocol
from local.sandbox.faults.plan import NO_FAULTS, Plan
from local.sandbox.settings import SandboxSettings

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    base_url: str

    @property
    def apixo_url(self) -> str:
        return f"{self.base_url}/apixo/api/v1"

    @property
    def oxen_url(self) -> str:
        return f"{self.base_url}/oxen"

    @property
    def aimlapi_url(self) -> str:
        return f"{self.base_url}/aimlapi"

    @property
    def ledger_url(self) -> str:
        return f"{self.base_url}/ledger"

    @property
    def faults_url(self) -> str:
        return f"{self.base_url}/faults"


class Server(uvicorn.Server):
    """Ends event streams and blocking calls first: they would hold the shutdown up."""

    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=ClosableProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._release: Callable[[], None] = getattr(app.state, "release", lambda: None)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._release()
        await super().shutdown(sockets)


@contextmanager
def running_sandbox(
    *, latency: float = 0.0, port: int = 0, plan: Plan = NO_FAULTS
) -> Iterator[RunningSandbox]:
    def make(base_url: str) -> Starlette:
        return create_app(SandboxSettings(base_url=base_url, latency=latency), plan=plan)

    with serving(make, port=port) as base_url:
        yield RunningSandbox(base_url=base_url)


@contextmanager
def serving(make_app: Callable[[str], Starlette], *, port: int = 0) -> Iterator[str]:
    """Serve what `make_app` makes of its own base URL, and yield that URL."""
    listener = listen(port)
    base_url = url_of(listener)
    server = Server(make_app(base_url))
    thread = threading.Thread(target=server.run, args=([listener],), name=base_url)
    thread.start()
    try:
        yield base_url
    finally:
        server.should_exit = True
        thread.join()


def listen(port: int) -> socket.socket:
    """Take connections from now on: they wait until the app is there."""
    return socket.create_server((HOST, port))


def url_of(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"
