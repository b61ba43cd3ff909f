"""Connections that go to the address that was vetted, and end when their time is up."""

import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import Final

import httpcore

from shared.adapters.addresses import are_public
from shared.adapters.deadlines import Deadline
from shared.adapters.http_errors import ForbiddenAddress
from shared.adapters.resolve import Resolve

_CONNECT_SECONDS: Final = 2.0  # each for the name, the connection and TLS
_WRITE_BYTES: Final = 16_384


def pinned_pool(
    *, resolve: Resolve, loopback_origins: frozenset[str], deadline: Deadline, tls: ssl.SSLContext
) -> httpcore.ConnectionPool:
    """Return a pool that connects to what `resolve` says, if that is public, until the deadline.

    The loopback origins are reached on this machine, whatever a resolver says. TLS goes by the
    name. What else is not public raises ForbiddenAddress.
    """
    backend = _PinnedBackend(resolve, loopback_origins, deadline)
    return httpcore.ConnectionPool(ssl_context=tls, network_backend=backend)


class _PinnedBackend(httpcore.SyncBackend):
    """Resolves a name once, and connects to that answer or not at all."""

    def __init__(
        self, resolve: Resolve, loopback_origins: frozenset[str], deadline: Deadline
    ) -> None:
        self._resolve = resolve
        self._loopback = loopback_origins
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  the deadline decides
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        address = "127.0.0.1" if f"{host}:{port}" in self._loopback else self._vetted(host)
        seconds = self._deadline.timeout(httpcore.ConnectTimeout, at_most=_CONNECT_SECONDS)
        stream = super().connect_tcp(address, port, seconds, local_address, socket_options)
        return _TimedStream(stream, self._deadline)

    def _vetted(self, host: str) -> str:
        addresses = self._resolved(host)
        if not addresses:
            raise httpcore.ConnectError("the name has no IPv4 address")
        if not are_public(addresses):
            raise ForbiddenAddress(f"{host}: not every address is public")
        return addresses[0]

    def _resolved(self, host: str) -> Sequence[str]:
        answer: Future[Sequence[str]] = Future()

        def look_up() -> None:
            try:
                answer.set_result(self._resolve(host))
            except OSError as exc:
                answer.set_exception(exc)

        seconds = self._deadline.timeout(httpcore.ConnectTimeout, at_most=_CONNECT_SECONDS)
        Thread(target=look_up, daemon=True).start()  # the system's resolver takes no timeout
        try:
            return answer.result(seconds)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout("the name took too long") from exc
        except OSError as exc:
            raise httpcore.ConnectError(str(exc)) from exc


class _TimedStream(httpcore.NetworkStream):
    """Holds each read and write to what is left of the deadline, so that no drip outlasts it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline
        deadline.holds(stream.get_extra_info("socket"))

    def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ARG002  the deadline decides
    ) -> bytes:
        return self._stream.read(max_bytes, self._deadline.timeout(httpcore.ReadTimeout))

    def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ARG002  the deadline decides
    ) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):  # a slow reader gets no extra time
            part = buffer[start : start + _WRITE_BYTES]
            self._stream.write(part, self._deadline.timeout(httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002  the deadline decides
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.timeout(httpcore.ConnectTimeout, at_most=_CONNECT_SECONDS)
        stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
