"""Real connections here end on this machine; names and addresses of others are made up."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.unit.adapters.sites import Answer, Site


@pytest.fixture
def serve() -> Iterator[Callable[..., Site]]:
    with ExitStack() as stack:

        def start(answer: Answer | bytes, tls: ssl.SSLContext | None = None) -> Site:
            always = answer if callable(answer) else lambda _: [answer]
            site = stack.enter_context(Site(always, tls))
            threading.Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(site.shutdown)
            return site

        yield start


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return the addresses that would have been connected to; each of them refuses."""
    addresses: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        addresses.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return addresses
