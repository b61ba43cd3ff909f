from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.peers import Peer
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
async def sandbox(latency: float, balance_usd: Decimal) -> AsyncIterator[InProcess]:
    settings = SandboxSettings(
        base_url="http://sandbox", latency=latency, apixo_balance_usd=balance_usd
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client,
    ):
        client.headers["authorization"] = "Bearer any-key"
        yield InProcess(client=client, studio=app.state.studio)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with serving(lambda _: peer.app()) as base_url:
        peer.base_url = base_url
        yield peer
        peer.let_go()
