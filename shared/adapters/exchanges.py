"""One exchange by httpx. Its only importer, and itself imported with the first exchange.

What httpx brings along takes a tenth of a second, which a function that calls nobody need not pay.
"""

import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

import httpx
from httpcore import ConnectionPool

from shared.adapters.deadlines import Deadline
from shared.adapters.http_errors import (
    ConnectFailed,
    DeadlineExceeded,
    ExchangeFailed,
    ForbiddenAddress,
    HttpError,
)
from shared.adapters.http_stream import HttpStream
from shared.adapters.pinned import pinned_pool
from shared.adapters.resolve import Resolve

# They log whole URLs and headers, and a URL may be a signed link.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

# What each failure says about the request. What is not listed may have been sent.
_MEANING: Final[Mapping[type[Exception], type[HttpError]]] = {
    httpx.InvalidURL: ForbiddenAddress,
    httpx.UnsupportedProtocol: ForbiddenAddress,
    httpx.ConnectError: ConnectFailed,
    httpx.ConnectTimeout: ConnectFailed,
    httpx.PoolTimeout: ConnectFailed,
    httpx.WriteTimeout: DeadlineExceeded,  # reads and writes may take as long as the deadline
    httpx.ReadTimeout: DeadlineExceeded,
    httpx.WriteError: ExchangeFailed,
    httpx.ReadError: ExchangeFailed,
    httpx.CloseError: ExchangeFailed,
    httpx.LocalProtocolError: ExchangeFailed,
    httpx.RemoteProtocolError: ExchangeFailed,
}


def tls_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def pinned_transport(
    *, resolve: Resolve, loopback_origins: frozenset[str], deadline: Deadline, tls: ssl.SSLContext
) -> httpx.BaseTransport:
    return _PinnedTransport(
        pinned_pool(resolve=resolve, loopback_origins=loopback_origins, deadline=deadline, tls=tls)
    )


@contextmanager
def exchange(  # noqa: PLR0913  one exchange in one call
    line: httpx.BaseTransport,
    *,
    method: str,
    url: str,
    host: str,
    headers: Mapping[str, str],
    body: bytes | None,
    deadline: Deadline,
    max_bytes: int,
) -> Iterator[HttpStream]:
    """Send once, over the bare transport.

    httpx.Client would bring along cookies, passwords and proxies from the environment, and
    opinions on redirects.
    """
    with _translated(host), line as transport:
        request = httpx.Request(method, url, headers=headers, content=body)
        with closing(transport.handle_request(request)) as response:
            response.request = request
            yield _stream(response, deadline=deadline, max_bytes=max_bytes)


class _PinnedTransport(httpx.HTTPTransport):
    """Connects to the addresses it has vetted itself; TLS still goes by the name.

    httpx has no argument for a network backend, httpcore's pool has, so the pool is put in here.
    The base constructor would only build another: if httpx should ever keep its pool under
    another name, requests fail rather than go out unvetted.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool


def _stream(response: httpx.Response, *, deadline: Deadline, max_bytes: int) -> HttpStream:
    host = response.url.raw_host.decode()
    return HttpStream(
        status=response.status_code,
        headers=dict(response.headers),
        url_host=host,
        pieces=_pieces(response, host),
        to_head=response.request.method == "HEAD",
        deadline=deadline,
        max_bytes=max_bytes,
    )


def _pieces(response: httpx.Response, host: str) -> Iterator[bytes]:
    with _translated(host):
        yield from response.iter_raw()


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        meaning = _MEANING.get(type(exc), ExchangeFailed)
        # A protocol error quotes the line it could not read, which may hold a secret.
        cause = None if isinstance(exc, httpx.ProtocolError) else exc
        raise meaning(f"{host}: {type(exc).__name__}") from cause
