"""Servers on this machine that answer with whatever bytes a test wants, and a client for them."""

import itertools
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import certifi
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.adapters.http import HttpClient

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
