"""Bodies: as long as they say, no longer than allowed, and never encoded."""

import itertools
from collections.abc import Callable

import httpx
import pytest

from shared.adapters.http_errors import (
    ExchangeFailed,
    TooLarge,
)
from tests.unit.adapters.sites import (
    SECONDS,
    Site,
    a_client,
    answer,
    get,
    mocked,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
