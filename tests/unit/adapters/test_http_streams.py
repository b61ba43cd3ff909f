"""Streams that are listened to: silence, deadlines, and who hangs up."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.adapters.deadlines import Deadline, Hangup
from shared.adapters.http import HttpClient
from shared.adapters.http_errors import (
    ConnectFailed,
    DeadlineExceeded,
    ExchangeFailed,
)
from tests.unit.adapters.sites import (
    PUBLIC,
    SECONDS,
    Site,
    a_client,
    answer,
    certified,
    lead_to,
    mocked,
    redirect,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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
