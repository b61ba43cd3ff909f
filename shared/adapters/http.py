"""HTTP to places we do not control. httpx does the work, once there is some: see exchanges.py.

Every exchange has a connection of its own, closed afterwards. So each one is vetted anew, none is
shared between hosts, and none has gone stale while a Lambda was frozen: a paid call that dies on a
stale connection could not be told from one that was accepted.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from json import dumps
from math import inf
from re import compile as regex
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from shared.adapters.addresses import Origin, is_dns_name, is_loopback_place, origin_of
from shared.adapters.deadlines import Deadline, Hangup
from shared.adapters.http_errors import ConnectFailed, ForbiddenAddress, RedirectRefused
from shared.adapters.http_stream import HttpStream
from shared.adapters.resolve import Resolve, resolve_ipv4

if TYPE_CHECKING:
    from httpx import BaseTransport

_HTTPS: Final = 443
_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULTS: Final = {"accept": "*/*", "user-agent": "seedhook"}
_FIXED: Final = {"accept-encoding": "identity", "connection": "close"}
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_HEADER_NAME: Final = regex(r"[a-zA-Z0-9_-]+")
_HEADER_VALUE: Final = regex(r"[!-~](?:[\t -~]*[!-~])?|")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class HttpClient:
    """A client that reaches public https origins, and the loopback origins it was given, only."""

    def __init__(
        self,
        *,
        loopback_origins: frozenset[str] = frozenset(),
        transport: "BaseTransport | None" = None,
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
        beginning_only: bool = False,
    ) -> HttpAnswer:
        """Send once and read the whole answer. A redirect is an answer like any other.

        `body` goes out byte for byte, as a signature needs it; `json` is encoded here. With
        `beginning_only` the status alone must come, and what comes beyond `max_bytes` is left.
        """
        deadline = Deadline(deadline_seconds, self._monotonic)
        if json is not None:
            headers = {"content-type": "application/json", **headers}
            body = dumps(json, allow_nan=False).encode()
        with self._exchange(method, url, headers, body, deadline, max_bytes) as answer:
            content = answer.beginning() if beginning_only else b"".join(answer.chunks())
        return HttpAnswer(status=answer.status, headers=answer.headers, body=content)

    @contextmanager
    def stream(  # noqa: PLR0913  one exchange in one call
        self,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        deadline_seconds: float,
        max_bytes: int,
        idle_seconds: float = inf,
        hangup: Hangup | None = None,
    ) -> Iterator[HttpStream]:
        """GET, following up to three redirects, each vetted like the first URL.

        The headers stay with the first origin: once elsewhere, they are not sent again. Nothing
        for `idle_seconds` ends it like the deadline does, and so does `hangup` from any thread.
        """
        deadline = Deadline(
            deadline_seconds, self._monotonic, idle_seconds=idle_seconds, hangup=hangup
        )
        for _ in range(1 + _MAX_REDIRECTS):
            with self._exchange("GET", url, headers, None, deadline, max_bytes) as answer:
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                target = _target(url, answer.headers)
            if origin_of(target) != origin_of(url):
                headers = _NO_HEADERS
            url = target
        raise RedirectRefused(f"more than {_MAX_REDIRECTS} redirects")

    @contextmanager
    def _exchange(  # noqa: PLR0913, PLR0917  one exchange in one call
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
        max_bytes: int,
    ) -> Iterator[HttpStream]:
        from shared.adapters.exchanges import exchange

        host = self._vetted(url).host
        # Looked at here, because the errors of libraries quote the value.
        if not all(map(_is_sendable, headers.items())):
            raise ConnectFailed(f"{host}: a header cannot be sent")
        fields = {**_DEFAULTS, **{name.lower(): headers[name] for name in headers}, **_FIXED}
        with exchange(
            self._transport or self._pinned_transport(deadline),
            method=method,
            url=url,
            host=host,
            headers=fields,
            body=body,
            deadline=deadline,
            max_bytes=max_bytes,
        ) as answer:
            yield answer

    def allows(self, url: str) -> bool:
        """Tell whether a URL may be called, as far as can be seen before its name is resolved."""
        try:
            self._vetted(url)
        except ForbiddenAddress:
            return False
        return True

    def _vetted(self, url: str) -> Origin:
        origin = origin_of(url)
        if origin is None:
            raise ForbiddenAddress("not an http URL with a plain host name")
        if origin.place in self._loopback:
            return origin
        if origin.scheme != "https" or origin.port != _HTTPS or not is_dns_name(origin.host):
            raise ForbiddenAddress("not a public https address")
        return origin

    def _pinned_transport(self, deadline: Deadline) -> "BaseTransport":
        from shared.adapters.exchanges import pinned_transport

        return pinned_transport(
            resolve=self._resolve,
            loopback_origins=self._loopback,
            deadline=deadline,
            tls=self._tls,
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        from shared.adapters.exchanges import tls_context

        return tls_context()


def _target(url: str, headers: Mapping[str, str]) -> str:
    location = headers.get("location", "")
    if not location:
        raise RedirectRefused("a redirect without a location")
    try:
        return urljoin(url, location)
    except ValueError:  # its text quotes the location
        raise ForbiddenAddress("a redirect to no readable URL") from None


def _is_sendable(header: tuple[str, str]) -> bool:
    name, value = header
    return bool(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value))
