"""HTTP to places we do not control. The only importer of httpx.

* HttpError
  - ForbiddenAddress       the URL, or an address behind its name, is not allowed: not connected
  - ConnectFailed          surely not sent: DNS, connect, TLS
  - ExchangeFailed         may have reached the other side
    + DeadlineExceeded     took longer than allowed as a whole
    + TooLarge             more bytes than allowed
  - RedirectRefused        one redirect too many, or one that leads nowhere

Every exchange has a connection of its own, closed afterwards. So each one is vetted anew, none is
shared between hosts, and none has gone stale while a Lambda was frozen: a paid call that dies on a
stale connection could not be told from one that was accepted.
"""

import logging
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from json import dumps
from re import compile as regex
from threading import Thread
from types import MappingProxyType
from typing import Final
from urllib.parse import urljoin

import httpcore
import httpx

from shared.adapters.addresses import Origin, are_public, is_dns_name, is_loopback_place, origin_of

# They log whole URLs and headers, and a URL may be a signed link.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

type Resolve = Callable[[str], Sequence[str]]

_CONNECT_SECONDS: Final = 2.0  # each for the name, the connection and TLS
_HTTPS: Final = 443
_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_BODILESS: Final = frozenset({204, 304})
_WRITE_BYTES: Final = 16_384
_DEFAULTS: Final = {"accept": "*/*", "user-agent": "seedhook"}
_FIXED: Final = {"accept-encoding": "identity", "connection": "close"}
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_HEADER_NAME: Final = regex(r"[a-zA-Z0-9_-]+")
_HEADER_VALUE: Final = regex(r"[!-~](?:[\t -~]*[!-~])?|")
_CONTENT_LENGTH: Final = regex(r"[0-9]{1,18}")


class HttpError(Exception):
    pass


class ForbiddenAddress(HttpError):
    pass


class ConnectFailed(HttpError):
    pass


class ExchangeFailed(HttpError):
    pass


class DeadlineExceeded(ExchangeFailed):
    pass


class TooLarge(ExchangeFailed):
    pass


class RedirectRefused(HttpError):
    pass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def resolve_ipv4(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class HttpClient:
    """A client that reaches public https origins, and the loopback origins it was given, only."""

    def __init__(
        self,
        *,
        loopback_origins: frozenset[str] = frozenset(),
        transport: httpx.BaseTransport | None = None,
        resolve: Resolve = resolve_ipv4,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not all(map(is_loopback_place, loopback_origins)):
            raise ValueError("a loopback origin is 127.0.0.1:port or localhost:port")
        self._loopback = loopback_origins
        self._transport = transport
        self._resolve = resolve
        self._monotonic = monotonic

    def request(  # noqa: PLR0913  one exchange in one call
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        json: object | None = None,
        body: bytes | None = None,
        deadline_seconds: float,
        max_bytes: int = 1_000_000,
    ) -> HttpAnswer:
        """Send once and read the whole answer. A redirect is an answer like any other.

        `body` goes out byte for byte, as a signature needs it; `json` is encoded here.
        """
        deadline = _Deadline(deadline_seconds, self._monotonic)
        if json is not None:
            headers = {"content-type": "application/json", **headers}
            body = dumps(json, allow_nan=False).encode()
        with self._exchange(method, url, headers, body, deadline) as response:
            answer = HttpStream(response, deadline=deadline, max_bytes=max_bytes)
            content = b"".join(answer.chunks())
        return HttpAnswer(status=answer.status, headers=answer.headers, body=content)

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        deadline_seconds: float,
        max_bytes: int,
    ) -> Iterator["HttpStream"]:
        """GET, following up to three redirects, each vetted like the first URL.

        The headers stay with the first origin: once elsewhere, they are not sent again.
        """
        deadline = _Deadline(deadline_seconds, self._monotonic)
        for _ in range(1 + _MAX_REDIRECTS):
            with self._exchange("GET", url, headers, None, deadline) as response:
                if response.status_code not in _REDIRECTS:
                    yield HttpStream(response, deadline=deadline, max_bytes=max_bytes)
                    return
                target = _target(url, response)
            if origin_of(target) != origin_of(url):
                headers = _NO_HEADERS
            url = target
        raise RedirectRefused(f"more than {_MAX_REDIRECTS} redirects")

    @contextmanager
    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: "_Deadline",
    ) -> Iterator[httpx.Response]:
        host = self._vetted(url).host
        # Looked at here, because the errors of libraries quote the value.
        if not all(map(_is_sendable, headers.items())):
            raise ConnectFailed(f"{host}: a header cannot be sent")
        fields = {**_DEFAULTS, **{name.lower(): headers[name] for name in headers}, **_FIXED}
        # The bare transport instead of httpx.Client, which would bring along cookies, passwords
        # and proxies from the environment, and opinions on redirects.
        with _translated(host), self._transport or self._pinned_transport(deadline) as transport:
            request = httpx.Request(method, url, headers=fields, content=body)
            with closing(transport.handle_request(request)) as response:
                response.request = request
                yield response

    def _vetted(self, url: str) -> Origin:
        origin = origin_of(url)
        if origin is None:
            raise ForbiddenAddress("not an http URL with a plain host name")
        if origin.place in self._loopback:
            return origin
        if origin.scheme != "https" or origin.port != _HTTPS or not is_dns_name(origin.host):
            raise ForbiddenAddress("not a public https address")
        return origin

    def _pinned_transport(self, deadline: "_Deadline") -> httpx.BaseTransport:
        backend = _PinnedBackend(
            resolve=self._resolve, loopback_origins=self._loopback, deadline=deadline
        )
        return _PinnedTransport(backend, self._tls)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)


class HttpStream:
    """An answer whose body is still on its way."""

    def __init__(self, response: httpx.Response, *, deadline: "_Deadline", max_bytes: int) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self.url_host = response.url.raw_host.decode()
        self._response = response
        self._deadline = deadline
        self._max_bytes = max_bytes

    def chunks(self, size: int = 65536) -> Iterator[bytes]:
        """Yield the body in pieces of exactly `size` bytes, the last one shorter.

        Raises ExchangeFailed if the body is encoded, incomplete, late or too large.
        """
        pending = bytearray()
        for piece in self._pieces():
            pending += piece
            while len(pending) >= size:
                yield bytes(pending[:size])
                del pending[:size]
        if pending:
            yield bytes(pending)

    def _pieces(self) -> Iterator[bytes]:
        declared = self._declared_bytes()
        self._limit(declared or 0)
        received = 0
        with _translated(self.url_host):
            for piece in self._response.iter_raw():
                received += len(piece)
                self._limit(received)
                yield piece
        if declared not in {None, received}:
            raise ExchangeFailed(f"{self.url_host}: {received} of {declared} bytes came")

    def _declared_bytes(self) -> int | None:
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise ExchangeFailed(f"{self.url_host}: an encoded body nobody asked for")
        length = self.headers.get("content-length")
        bodiless = self.status in _BODILESS or self._response.request.method == "HEAD"
        if length is None or bodiless:
            return None
        if not _CONTENT_LENGTH.fullmatch(length):
            raise ExchangeFailed(f"{self.url_host}: an unreadable content length")
        return int(length)

    def _limit(self, size: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(f"{self.url_host}: more than {self._max_bytes} bytes")
        if self._deadline.left() <= 0:
            raise DeadlineExceeded(f"{self.url_host}: the body took too long")


class _Deadline:
    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def left(self) -> float:
        return self._at - self._monotonic()

    def timeout(self, expired: type[Exception], *, at_most: float = math.inf) -> float:
        """Return how long one socket operation may take. Raises `expired` if none may start."""
        left = self.left()
        if left <= 0:
            raise expired("no time left")
        return min(left, at_most)


class _PinnedTransport(httpx.HTTPTransport):
    """Connects to the addresses it has vetted itself; TLS still goes by the name.

    httpx has no argument for a network backend, httpcore's pool has, so the pool is put in here.
    The base constructor would only build another: if httpx should ever keep its pool under
    another name, requests fail rather than go out unvetted.
    """

    def __init__(self, backend: httpcore.NetworkBackend, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=backend)


class _PinnedBackend(httpcore.SyncBackend):
    """Resolves a name once, and connects to that answer or not at all."""

    def __init__(
        self, *, resolve: Resolve, loopback_origins: frozenset[str], deadline: _Deadline
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

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.timeout(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), _WRITE_BYTES):  # a slow reader gets no extra time
            part = buffer[start : start + _WRITE_BYTES]
            self._stream.write(part, self._deadline.timeout(httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.timeout(httpcore.ConnectTimeout, at_most=_CONNECT_SECONDS)
        stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        meaning = _MEANING.get(type(exc), ExchangeFailed)
        # A protocol error quotes the line it could not read, which may hold a secret.
        cause = None if isinstance(exc, httpx.ProtocolError) else exc
        raise meaning(f"{host}: {type(exc).__name__}") from cause


def _target(url: str, response: httpx.Response) -> str:
    location: str = response.headers.get("location", "")
    if not location:
        raise RedirectRefused("a redirect without a location")
    try:
        return urljoin(url, location)
    except ValueError:  # its text quotes the location
        raise ForbiddenAddress("a redirect to no readable URL") from None


def _is_sendable(header: tuple[str, str]) -> bool:
    name, value = header
    return bool(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value))
