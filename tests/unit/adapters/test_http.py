"""Real connections here end on this machine; names and addresses of others are made up."""

import itertools
import json
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import certifi
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.adapters.deadlines import Deadline, Hangup
from shared.adapters.http import HttpClient
from shared.adapters.http_errors import (
    ConnectFailed,
    DeadlineExceeded,
    ExchangeFailed,
    ForbiddenAddress,
    HttpError,
    RedirectRefused,
    TooLarge,
)
from shared.adapters.resolve import resolve_ipv4
from tests.unit.adapters.urls import FORBIDDEN, GOOD

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PUBLIC = "93.184.215.14"
SECONDS = 5.0

type Answer = Callable[[bytes], Iterable[bytes]]


class Site(ThreadingTCPServer):
    """A server on this machine that answers with whatever bytes a test wants."""

    daemon_threads = True

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.answer = answer
        self.tls = tls
        self.requests: list[bytes] = []
        self.accepted = 0

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def header(self, name: str) -> list[str]:
        """Return the values of a request header over all requests so far."""
        lines = b"".join(self.requests).decode().split("\r\n")
        fields = (line.partition(": ") for line in lines)
        return [value for field, _, value in fields if field.lower() == name]


class _Visit(StreamRequestHandler):
    timeout = 5

    def handle(self) -> None:
        site = self.server
        assert isinstance(site, Site)
        site.accepted += 1
        with suppress(OSError):
            if site.tls:
                self.request = site.tls.wrap_socket(self.request, server_side=True)
                self.rfile = self.request.makefile("rb")
            request = self._read_request()
            site.requests.append(request)
            for piece in site.answer(request):
                self.request.sendall(piece)
        if site.tls:
            self.request.close()

    def _read_request(self) -> bytes:
        lines = list(itertools.takewhile(lambda line: line.strip(), self.rfile))
        lengths = [line.split()[1] for line in lines if line.lower().startswith(b"content-length")]
        return b"".join([*lines, b"\r\n", self.rfile.read(int(lengths[0]) if lengths else 0)])


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


def answer(
    body: bytes = b"hello", *, status: str = "200 OK", headers: str = "", length: int | None = None
) -> bytes:
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body


def redirect(target: str, status: int = 302) -> bytes:
    return answer(b"", status=f"{status} Moved", headers=f"Location: {target}\r\n")


def nobody(host: str) -> Sequence[str]:
    raise AssertionError(f"{host} was looked up")


def a_client(*sites: Site, resolve: Callable[[str], Sequence[str]] = nobody) -> HttpClient:
    return HttpClient(loopback_origins=frozenset(site.place for site in sites), resolve=resolve)


def mocked(handler: Callable[[httpx.Request], httpx.Response]) -> HttpClient:
    return HttpClient(transport=httpx.MockTransport(handler), resolve=nobody)


def get(client: HttpClient, url: str, *, headers: dict[str, str] | None = None) -> bytes:
    with client.stream(
        url, headers=headers or {}, deadline_seconds=SECONDS, max_bytes=1000
    ) as stream:
        return b"".join(stream.chunks())


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return the addresses that would have been connected to; each of them refuses."""
    addresses: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        addresses.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return addresses


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_url_that_is_not_plainly_public_is_refused_before_any_lookup(
    url: str, dialled: list[tuple[str, int]]
) -> None:
    client = a_client()

    with pytest.raises(ForbiddenAddress):
        client.request("GET", url, deadline_seconds=SECONDS)
    with pytest.raises(ForbiddenAddress):
        get(client, url)

    assert dialled == []


@pytest.mark.parametrize(("url", "host"), GOOD)
def test_a_public_url_is_looked_up_once_and_connected_to_by_address(
    url: str, host: str, dialled: list[tuple[str, int]]
) -> None:
    lookups: list[str] = []

    def resolve(name: str) -> Sequence[str]:
        lookups.append(name)
        return [PUBLIC, "1.1.1.1"]

    with pytest.raises(ConnectFailed):
        a_client(resolve=resolve).request("GET", url, deadline_seconds=SECONDS)

    assert lookups == [host]
    assert dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["168.63.129.16"],
        ["224.0.0.1"],
        ["::1"],
        [PUBLIC, "192.168.0.1"],
        ["192.168.0.1", PUBLIC],
        [PUBLIC, "::ffff:127.0.0.1"],
    ],
)
def test_a_name_with_one_private_address_is_refused_before_connecting(
    addresses: list[str], dialled: list[tuple[str, int]]
) -> None:
    client = a_client(resolve=lambda _: addresses)

    with pytest.raises(ForbiddenAddress, match=r"rebound\.example"):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)

    assert dialled == []


def test_a_name_that_changes_its_mind_is_vetted_again_for_each_connection(
    dialled: list[tuple[str, int]],
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    client = a_client(resolve=lambda _: next(answers))

    with pytest.raises(ConnectFailed):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)
    with pytest.raises(ForbiddenAddress):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)

    assert dialled == [(PUBLIC, 443)]


def test_a_loopback_origin_is_reached_and_nothing_beside_it(serve: Callable[..., Site]) -> None:
    named, other = serve(answer(b"named")), serve(answer(b"other"))
    client = a_client(named)

    assert client.request("GET", named.url, deadline_seconds=SECONDS).body == b"named"
    port = named.server_address[1]
    for url in (other.url, f"http://localhost:{port}/", f"http://127.0.0.1.:{port}/"):
        with pytest.raises(ForbiddenAddress):
            client.request("GET", url, deadline_seconds=SECONDS)

    assert (named.accepted, other.accepted) == (1, 0)


def test_localhost_is_this_machine_whatever_a_resolver_says(
    serve: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(answer(b"here"))
    wanted = lead_to(site, monkeypatch)
    client = HttpClient(loopback_origins=frozenset({"localhost:9000"}), resolve=nobody)

    assert client.request("GET", "http://localhost:9000/", deadline_seconds=SECONDS).body == b"here"
    assert wanted == [("127.0.0.1", 9000)]


@pytest.mark.parametrize("origin", ["10.0.0.1:80", "example.com:443", "127.0.0.1", "*"])
def test_a_loopback_origin_cannot_open_another_machine(origin: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        HttpClient(loopback_origins=frozenset({origin}))


def test_names_are_resolved_to_ipv4_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def getaddrinfo(*_: object, family: int, **__: object) -> list[tuple[object, ...]]:
        asked.append(family)
        return [(family, 1, 6, "", (PUBLIC, 0)), (family, 1, 6, "", ("1.1.1.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    assert resolve_ipv4("example.com") == [PUBLIC, "1.1.1.1"]
    assert asked == [socket.AF_INET]


def certified(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's TLS context for the name, trusted by clients built from now on."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "certificate.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setattr(certifi, "where", lambda: str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    return context


def lead_to(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let every connection end at the site; return the addresses that were wanted."""
    wanted: list[object] = []
    connect = socket.create_connection

    def divert(address: object, timeout: float, **_: object) -> socket.socket:
        wanted.append(address)
        return connect(("127.0.0.1", site.server_address[1]), timeout)

    monkeypatch.setattr(socket, "create_connection", divert)
    return wanted


def test_tls_goes_by_the_name_while_the_connection_goes_to_the_vetted_address(
    serve: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    tls = certified("images.example", tmp_path, monkeypatch)
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    site = serve(answer(b"secret"), tls)
    wanted = lead_to(site, monkeypatch)

    body = get(a_client(resolve=lambda _: [PUBLIC]), "https://images.example/")

    assert body == b"secret"
    assert wanted == [(PUBLIC, 443)]
    assert names == ["images.example"]
    assert site.header("host") == ["images.example"]


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    serve: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(answer(), certified("images.example", tmp_path, monkeypatch))
    lead_to(site, monkeypatch)
    client = a_client(resolve=lambda _: [PUBLIC])

    with pytest.raises(ConnectFailed):
        client.request("GET", "https://other.example/", deadline_seconds=SECONDS)

    assert site.requests == []


@pytest.mark.parametrize(
    ("failure", "meaning"),
    [
        (httpx.InvalidURL("x"), ForbiddenAddress),
        (httpx.UnsupportedProtocol("x"), ForbiddenAddress),
        (httpx.ConnectError("x"), ConnectFailed),
        (httpx.ConnectTimeout("x"), ConnectFailed),
        (httpx.PoolTimeout("x"), ConnectFailed),
        (httpx.WriteTimeout("x"), DeadlineExceeded),
        (httpx.ReadTimeout("x"), DeadlineExceeded),
        (httpx.WriteError("x"), ExchangeFailed),
        (httpx.ReadError("x"), ExchangeFailed),
        (httpx.CloseError("x"), ExchangeFailed),
        (httpx.LocalProtocolError("x"), ExchangeFailed),
        (httpx.RemoteProtocolError("x"), ExchangeFailed),
        (httpx.ProxyError("x"), ExchangeFailed),
        (httpx.DecodingError("x"), ExchangeFailed),
        (httpx.TooManyRedirects("x"), ExchangeFailed),
    ],
)
def test_only_what_surely_was_not_sent_is_called_so(
    failure: Exception, meaning: type[HttpError]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(HttpError) as caught:
        mocked(fail).request("POST", "https://example.com/?sig=s3cret", deadline_seconds=SECONDS)

    assert type(caught.value) is meaning
    assert str(caught.value) == f"example.com: {type(failure).__name__}"


def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    def resolve(_: str) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for client in (a_client(resolve=resolve), a_client(resolve=lambda _: [])):
        with pytest.raises(ConnectFailed):
            client.request("POST", "https://example.com/", deadline_seconds=SECONDS)


def test_a_resolver_that_hangs_holds_nobody_up() -> None:
    released, answered = threading.Event(), threading.Event()

    def hang(_: str) -> Sequence[str]:
        released.wait(SECONDS)
        answered.set()
        return [PUBLIC]

    with pytest.raises(ConnectFailed):
        a_client(resolve=hang).request("GET", "https://example.com/", deadline_seconds=0.05)

    assert not answered.is_set()
    released.set()


def test_a_refused_connection_was_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        client = HttpClient(loopback_origins=frozenset({place}), resolve=nobody)

        with pytest.raises(ConnectFailed):
            client.request("POST", f"http://{place}/", deadline_seconds=SECONDS)


def test_nothing_is_sent_once_the_deadline_has_passed(serve: Callable[..., Site]) -> None:
    site = serve(answer())

    with pytest.raises(ConnectFailed):
        a_client(site).request("POST", site.url, deadline_seconds=0)

    assert site.accepted == 0


@pytest.mark.parametrize(
    "sent",
    [b"", b"HTTP/1.1 200", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nsecret\r\n\r\n"],
)
def test_an_unreadable_answer_may_mean_it_was_accepted(
    sent: bytes, serve: Callable[..., Site]
) -> None:
    site = serve(sent)

    with pytest.raises(ExchangeFailed) as caught:
        a_client(site).request("POST", site.url, json={}, deadline_seconds=SECONDS)

    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_silent_server_is_left_at_the_deadline(serve: Callable[..., Site]) -> None:
    released = threading.Event()

    def stay_silent(_: bytes) -> Iterable[bytes]:
        released.wait(SECONDS)
        return []

    site = serve(stay_silent)

    with pytest.raises(DeadlineExceeded):
        a_client(site).request("POST", site.url, deadline_seconds=1)

    released.set()


def test_a_server_that_reads_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        place = f"127.0.0.1:{deaf.getsockname()[1]}"
        client = HttpClient(loopback_origins=frozenset({place}), resolve=nobody)

        with pytest.raises(DeadlineExceeded):
            client.request("POST", f"http://{place}", body=bytes(20_000_000), deadline_seconds=1)


def test_a_server_that_reads_slowly_is_left_at_the_deadline() -> None:
    now, read = 0.0, 0

    def sip(listener: socket.socket) -> None:
        nonlocal now, read
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            while piece := connection.recv(100_000):
                now += 1
                read += len(piece)

    body = bytes(50_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader = threading.Thread(target=sip, args=(listener,))
        reader.start()
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        client = HttpClient(
            loopback_origins=frozenset({place}), resolve=nobody, monotonic=lambda: now
        )
        with pytest.raises(DeadlineExceeded):
            client.request("POST", f"http://{place}", body=body, deadline_seconds=30)
        reader.join()

    assert read < len(body)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize("start", [HEAD, b"HTTP/1.1 200 OK\r\nX-Slow: ", b""])
def test_a_drip_never_outlasts_the_deadline(start: bytes, serve: Callable[..., Site]) -> None:
    now = 0.0

    def drip(_: bytes) -> Iterator[bytes]:
        nonlocal now
        yield start
        for _second in range(1000):
            now += 1
            yield b"x"

    site = serve(drip)
    client = HttpClient(
        loopback_origins=frozenset({site.place}), resolve=nobody, monotonic=lambda: now
    )

    with (
        pytest.raises(DeadlineExceeded),
        client.stream(site.url, deadline_seconds=30, max_bytes=10**6) as stream,
    ):
        list(stream.chunks())


def test_informational_answers_without_end_never_outlast_the_deadline(
    serve: Callable[..., Site],
) -> None:
    now = 0.0

    def chatter(_: bytes) -> Iterator[bytes]:
        nonlocal now
        for _second in range(1000):
            now += 1
            yield b"HTTP/1.1 103 Early Hints\r\n\r\n"

    site = serve(chatter)
    client = HttpClient(
        loopback_origins=frozenset({site.place}), resolve=nobody, monotonic=lambda: now
    )

    with pytest.raises(DeadlineExceeded):
        client.request("GET", site.url, deadline_seconds=30)


def test_the_deadline_holds_between_the_pieces_of_a_body() -> None:
    now = 0.0

    def drip() -> Iterator[bytes]:
        nonlocal now
        for _ in range(20):
            now += 1
            yield b"x"

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    client = HttpClient(transport=transport, monotonic=lambda: now)

    with pytest.raises(DeadlineExceeded):
        client.request("GET", "https://example.com/", deadline_seconds=10)

    assert now == 10


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"short", length=6),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nshort",
    ],
)
def test_a_body_that_ends_early_is_no_body(sent: bytes, serve: Callable[..., Site]) -> None:
    site = serve(sent)

    with pytest.raises(ExchangeFailed):
        get(a_client(site), site.url)
    with pytest.raises(ExchangeFailed):
        a_client(site).request("GET", site.url, deadline_seconds=SECONDS)


def test_what_goes_wrong_while_reading_is_told_to_the_reader(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"short", length=6))

    with (
        a_client(site).stream(site.url, deadline_seconds=SECONDS, max_bytes=1000) as stream,
        pytest.raises(ExchangeFailed),
    ):
        list(stream.chunks())


@pytest.mark.parametrize("length", ["6", "4", "-5", "five", "5" * 5000])
def test_a_content_length_that_does_not_fit_the_body_is_refused(length: str) -> None:
    def misstate(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": length}, content=iter([b"short"]))

    with pytest.raises(ExchangeFailed):
        get(mocked(misstate), "https://example.com/")


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_a_body_as_large_as_allowed_is_read(status: str, serve: Callable[..., Site]) -> None:
    site = serve(answer(b"x" * 1000, status=status))

    assert get(a_client(site), site.url) == b"x" * 1000


def test_a_body_that_says_it_is_too_large_is_not_read(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"", length=1001))

    with pytest.raises(TooLarge):
        get(a_client(site), site.url)


def test_a_body_without_end_is_cut_at_the_limit(serve: Callable[..., Site]) -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    site = serve(
        lambda _: itertools.chain([endless], itertools.repeat(b"64\r\n" + b"x" * 100 + b"\r\n"))
    )

    with pytest.raises(TooLarge):
        get(a_client(site), site.url)


def test_pieces_have_the_size_that_was_asked_for(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"0123456789" * 5))

    with a_client(site).stream(site.url, deadline_seconds=SECONDS, max_bytes=1000) as stream:
        pieces = list(stream.chunks(20))

    assert pieces == [b"01234567890123456789", b"01234567890123456789", b"0123456789"]
    assert (stream.status, stream.url_host) == (200, "127.0.0.1")
    assert stream.headers["content-length"] == "50"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "GZIP"])
def test_an_encoded_body_is_refused(encoding: str, serve: Callable[..., Site]) -> None:
    site = serve(answer(headers=f"Content-Encoding: {encoding}\r\n"))

    with pytest.raises(ExchangeFailed, match="encoded"):
        get(a_client(site), site.url)


def test_no_encoding_is_asked_for_whatever_the_caller_says(serve: Callable[..., Site]) -> None:
    site = serve(answer(headers="Content-Encoding: Identity\r\n"))

    assert get(a_client(site), site.url, headers={"Accept-Encoding": "gzip"}) == b"hello"
    assert site.header("accept-encoding") == ["identity"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_by_a_stream(status: int, serve: Callable[..., Site]) -> None:
    site = serve(lambda got: [answer() if b"/there" in got else redirect("../there", status)])

    assert get(a_client(site), f"{site.url}/a/b") == b"hello"
    assert [request.split()[:2] for request in site.requests][1] == [b"GET", b"/there"]


def test_three_redirects_are_followed_and_a_fourth_is_refused(
    serve: Callable[..., Site],
) -> None:
    def count_down(request: bytes) -> list[bytes]:
        left = int(request.split()[1].strip(b"/"))
        return [redirect(f"/{left - 1}") if left else answer()]

    site = serve(count_down)
    client = a_client(site)

    assert get(client, f"{site.url}/3") == b"hello"
    with pytest.raises(RedirectRefused):
        get(client, f"{site.url}/4")


@pytest.mark.parametrize("headers", ["", "Location:\r\n"])
def test_a_redirect_to_nowhere_is_refused(headers: str, serve: Callable[..., Site]) -> None:
    site = serve(answer(b"", status="302 Found", headers=headers))

    with pytest.raises(RedirectRefused):
        get(a_client(site), site.url)


def test_a_redirect_to_a_port_that_is_not_named_is_not_connected_to(
    serve: Callable[..., Site],
) -> None:
    inside = serve(answer(b"credentials"))
    outside = serve(redirect(f"{inside.url}/?signature=s3cret"))

    with pytest.raises(ForbiddenAddress) as caught:
        get(a_client(outside), outside.url)

    assert (outside.accepted, inside.accepted) == (1, 0)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "target", [*filter(str.isprintable, filter(str.isascii, FORBIDDEN[3:])), "//127.0.0.1/", "//["]
)
def test_a_redirect_goes_only_where_a_first_url_may(target: str) -> None:
    visited: list[str] = []

    def send_on(request: httpx.Request) -> httpx.Response:
        visited.append(str(request.url))
        return httpx.Response(302, headers={"location": target})

    with pytest.raises((ForbiddenAddress, RedirectRefused)):
        get(mocked(send_on), "https://example.com/start")

    assert {httpx.URL(url).host for url in visited} == {"example.com"}
    assert {httpx.URL(url).scheme for url in visited} == {"https"}


def test_headers_stay_with_the_first_origin_even_on_the_way_back(
    serve: Callable[..., Site],
) -> None:
    sites: list[Site] = []

    def lead_away(request: bytes) -> list[bytes]:
        path = request.split()[1]
        following = {b"/": "/again", b"/again": sites[1].url}
        return [redirect(following[path]) if path in following else answer()]

    sites.append(serve(lead_away))
    sites.append(serve(lambda _: [redirect(f"{sites[0].url}/back")]))
    first, second = sites

    get(a_client(first, second), first.url, headers={"Authorization": "Bearer key"})

    assert (len(first.requests), len(second.requests)) == (3, 1)
    assert first.header("authorization") == ["Bearer key", "Bearer key"]
    assert second.header("authorization") == []


def test_a_request_takes_a_redirect_for_an_answer(serve: Callable[..., Site]) -> None:
    elsewhere = serve(answer())
    site = serve(redirect(elsewhere.url))
    client = a_client(site, elsewhere)

    got = client.request("POST", site.url, json={}, deadline_seconds=SECONDS)

    assert (got.status, got.headers["location"]) == (302, elsewhere.url)
    assert elsewhere.accepted == 0


def test_json_is_sent_as_ascii_and_a_body_byte_for_byte(serve: Callable[..., Site]) -> None:
    site = serve(answer())
    client = a_client(site)
    words = {"prompt": "a \N{SNOWMAN} and half a pair \ud83d"}
    signed = b'{"b": 1,  "a":\xe2\x98\x83}'

    client.request("POST", site.url, json=words, deadline_seconds=SECONDS)
    client.request("PUT", site.url, body=signed, deadline_seconds=SECONDS)

    first, second = (request.partition(b"\r\n\r\n")[2] for request in site.requests)
    assert first.isascii()
    assert json.loads(first) == words
    assert second == signed
    assert site.header("content-type") == ["application/json"]


def test_the_headers_of_the_caller_replace_the_usual_ones(serve: Callable[..., Site]) -> None:
    site = serve(answer())
    headers = {"User-Agent": "curl", "Content-Type": "application/x-yaml"}

    a_client(site).request("POST", site.url, json=1, headers=headers, deadline_seconds=SECONDS)

    assert (site.header("user-agent"), site.header("content-type")) == (
        ["curl"],
        ["application/x-yaml"],
    )


def test_an_answer_has_its_status_headers_and_body(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"no", status="404 Not Found", headers="X-One: 1\r\nx-one: 2\r\n"))

    got = a_client(site).request("GET", site.url, deadline_seconds=SECONDS)

    assert (got.status, got.body) == (404, b"no")
    assert got.headers["x-one"] == "1, 2"


def test_an_answer_may_have_no_body_however_long_it_says_it_is(
    serve: Callable[..., Site],
) -> None:
    site = serve(answer(b"", length=50))
    client = a_client(site)

    assert client.request("HEAD", site.url, deadline_seconds=SECONDS).body == b""
    assert client.request("HEAD", site.url, deadline_seconds=SECONDS, max_bytes=9).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer s3cret\n"),
        ("authorization", "Bearer s3cret\r\nX-More: 1"),
        ("authorization", "Bearer s3cret\N{SNOWMAN}"),
        ("authorization", " s3cret"),
        ("s3cret name", "1"),
    ],
)
def test_a_header_that_cannot_be_sent_is_surely_not_sent(
    name: str, value: str, serve: Callable[..., Site]
) -> None:
    site = serve(answer())

    with pytest.raises(ConnectFailed) as caught:
        a_client(site).request("POST", site.url, headers={name: value}, deadline_seconds=SECONDS)

    assert site.accepted == 0
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_every_exchange_has_a_connection_of_its_own_and_no_memory(
    serve: Callable[..., Site],
) -> None:
    site = serve(answer(headers="Set-Cookie: session=1; Path=/\r\n"))
    client = a_client(site)

    for _ in range(3):
        client.request("GET", site.url, deadline_seconds=SECONDS)

    assert site.accepted == 3
    assert site.header("cookie") == []
    assert site.header("connection") == ["close"] * 3


def test_one_client_serves_several_threads(serve: Callable[..., Site]) -> None:
    site = serve(lambda request: [answer(request.split()[1])])
    client = a_client(site)

    with ThreadPoolExecutor(4) as pool:
        bodies = pool.map(lambda n: get(client, f"{site.url}/{n}"), range(20))

    assert list(bodies) == [f"/{n}".encode() for n in range(20)]


def test_the_environment_names_no_proxy_and_no_password(
    serve: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, site = serve(answer(b"proxied")), serve(answer(b"direct"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)

    assert get(a_client(site), site.url) == b"direct"
    assert site.header("authorization") == []
    assert proxy.accepted == 0


def test_a_signed_link_reaches_no_log_and_no_error(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = serve(answer(b"short", length=6))
    secret = "s3" + "cret"  # in two halves, because a traceback quotes this file

    with pytest.raises(ExchangeFailed) as caught:
        get(a_client(site), f"{site.url}/k?sig={secret}", headers={"authorization": secret})

    assert caplog.text == ""
    assert secret not in "".join(traceback.format_exception(caught.value))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Talk:
    """An answer that begins and never ends; `begun` tells that the caller waits for more."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self.begun = threading.Event()
        self.released = threading.Event()

    def __call__(self, _: bytes) -> Iterator[bytes]:
        yield self._start
        self.begun.set()
        self.released.wait(SECONDS)


@pytest.fixture
def talk() -> Iterator[Callable[[bytes], Talk]]:
    talks: list[Talk] = []

    def start(first: bytes) -> Talk:
        talks.append(Talk(first))
        return talks[-1]

    yield start
    for one in talks:
        one.released.set()


def listen(client: HttpClient, url: str, **limits: Any) -> list[bytes]:
    with client.stream(url, deadline_seconds=3600, max_bytes=1000, **limits) as stream:
        return list(stream.arriving())


@pytest.mark.parametrize("start", [b"", CHUNKED, CHUNKED + b"5\r\nhello\r\n"])
def test_a_stream_that_falls_silent_is_left_long_before_its_deadline(
    start: bytes, serve: Callable[..., Site], talk: Callable[[bytes], Talk]
) -> None:
    site = serve(talk(start))

    with pytest.raises(DeadlineExceeded):
        listen(a_client(site), site.url, idle_seconds=0.05)


def test_the_time_without_a_sign_of_life_begins_anew_with_each_and_the_deadline_does_not() -> None:
    now = 0.0
    deadline = Deadline(100, lambda: now, idle_seconds=40)

    allowed = []
    for moment in (0.0, 39.0, 78.0):
        now = moment
        allowed.append(deadline.timeout(TimeoutError))

    assert allowed == [40, 40, 22]


def test_what_arrives_of_a_stream_is_there_before_the_rest() -> None:
    asked: list[str] = []

    def body() -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            asked.append(piece.decode())
            yield piece

    client = mocked(lambda _: httpx.Response(200, content=body()))

    with client.stream("https://example.com/", deadline_seconds=SECONDS, max_bytes=1000) as stream:
        arriving = stream.arriving()
        assert next(arriving) == b"one"
        assert asked == ["one"]
        assert list(arriving) == [b"two"]


@pytest.mark.parametrize("start", [b"", CHUNKED, CHUNKED + b"5\r\nhello\r\n"])
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "tls"])
def test_another_thread_ends_a_stream_at_once_wherever_it_stands(  # noqa: PLR0913  # fixtures
    start: bytes,
    *,
    secured: bool,
    serve: Callable[..., Site],
    talk: Callable[[bytes], Talk],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = talk(start)
    site = serve(words, certified("events.example", tmp_path, monkeypatch) if secured else None)
    client = a_client(site, resolve=lambda _: [PUBLIC])
    if secured:
        lead_to(site, monkeypatch)
    hangup = Hangup()
    url = "https://events.example/" if secured else site.url

    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(listen, client, url, hangup=hangup)
        assert words.begun.wait(SECONDS)
        hangup()
        error = heard.exception(timeout=SECONDS)

    assert isinstance(error, ExchangeFailed)
    assert not words.released.is_set()


def test_who_has_hung_up_connects_no_more(serve: Callable[..., Site]) -> None:
    site = serve(answer())
    hangup = Hangup()
    hangup()

    with pytest.raises(ConnectFailed):
        listen(a_client(site), site.url, hangup=hangup)

    assert site.accepted == 0


def test_who_hangs_up_between_two_lines_ends_the_second(
    serve: Callable[..., Site], talk: Callable[[bytes], Talk]
) -> None:
    words = talk(CHUNKED)
    silent, first = serve(words), serve(b"")
    first.answer = lambda _: [redirect(silent.url)]
    hangup = Hangup()

    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(listen, a_client(first, silent), first.url, hangup=hangup)
        assert words.begun.wait(SECONDS)
        hangup()

        assert isinstance(heard.exception(timeout=SECONDS), ExchangeFailed)


def test_hanging_up_twice_or_when_all_is_over_does_nothing(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"hello"))
    hangup = Hangup()

    assert listen(a_client(site), site.url, hangup=hangup) == [b"hello"]

    hangup()
    hangup()
    hangup.wait(SECONDS)
    assert hangup.is_over
