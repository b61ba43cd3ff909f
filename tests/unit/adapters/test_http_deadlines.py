"""What surely was not sent, what may have been, and that no server outlasts the deadline."""

import socket
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import httpx
import pytest

from shared.adapters.http import HttpClient
from shared.adapters.http_errors import (
    ConnectFailed,
    DeadlineExceeded,
    ExchangeFailed,
    ForbiddenAddress,
    HttpError,
)
from tests.unit.adapters.sites import PUBLIC, SECONDS, Site, a_client, answer, mocked, nobody

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
