import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.faults.fault import Sleep
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.peers import Peer, Stage
from tests.unit.sandbox.talking import InProcess


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Callbacks, references and streams run over loopback ports."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def latency() -> float:
    return 0.0


@pytest.fixture
def balance_usd() -> Decimal:
    return Decimal(1000)


@pytest.fixture
def sleep() -> Sleep:
    return asyncio.sleep


@pytest.fixture
async def sandbox(latency: float, balance_usd: Decimal, sleep: Sleep) -> AsyncIterator[InProcess]:
    settings = SandboxSettings(
        base_url="http://sandbox", latency=latency, apixo_balance_usd=balance_usd
    )
    app = create_app(settings, sleep=sleep)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client,
    ):
        client.headers["authorization"] = "Bearer any-key"
        yield InProcess(client=client, studio=app.state.studio)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(lambda _: stage.app()) as stage.base_url:
        yield stage


@pytest.fixture
def peer(stage: Stage) -> Iterator[Peer]:
    peer = Peer(stage.base_url)
    stage.play(peer)
    yield peer
    peer.let_go()
