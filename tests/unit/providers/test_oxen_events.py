"""The event stream: what is heard, and that whatever happens on the line is nobody's error."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from shared.adapters.providers.oxen_events import OxenEvents, pause_after
from shared.domain.ids import TaskId
from shared.ports.providers import Listening, News
from tests.unit.providers.exchange import HTML, KEY, OXEN_URL, Does, a_client, fails, says

A, B = TaskId("a"), TaskId("b")
LONG = 1000.0
SOON = 5.0
EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}
ALIVE = b": keep-alive\n\n"
DONE = (
    b'event: media_generation_completed\ndata: {"generation_id":"%s","status":"succeeded",'
    b'"media_type":"image","model":"bytedance-seedream-4-5","url":"https://h.example/a.png"}\n\n'
)


def stream(*pieces: bytes, kind: str = "text/event-stream", status: int = 200) -> Does:
    fields = {"content-type": kind}
    return lambda _: httpx.Response(status, headers=fields, content=iter(pieces))


class Line:
    """Connections that each do as told; after the last one the listener pauses for long."""

    def __init__(self, *connections: Does) -> None:
        self._connections = list(connections)
        self.requests: list[httpx.Request] = []
        self.failures: list[int] = []
        self._is_over = threading.Event()

    def connect(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._connections.pop(0)(request)

    def pause(self, failures: int) -> float:
        self.failures.append(failures)
        if self._connections:
            return 0.0
        self._is_over.set()
        return LONG

    def listen(self, key: Callable[[], str] = lambda: KEY) -> AbstractContextManager[Listening]:
        http = a_client(self.connect)
        return OxenEvents(http, base_url=OXEN_URL, key=key, pause=self.pause).listen()

    def heard(self, key: Callable[[], str] = lambda: KEY) -> News:
        """Return everything that was heard until the last connection had ended."""
        with self.listen(key) as listening:
            assert self._is_over.wait(SOON)
            return listening.wait(0)


def ended(*pieces: bytes) -> set[str]:
    return set(Line(stream(*pieces)).heard().ended)


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "oxen-events"]


@pytest.fixture(autouse=True)
def _no_listener_is_left() -> Iterator[None]:
    assert listeners() == []
    yield
    assert listeners() == []


# --- what counts


def test_the_stream_is_asked_for_with_the_key() -> None:
    line = Line(stream())

    line.heard()

    (request,) = line.requests
    assert (request.method, str(request.url)) == ("GET", "https://hub.oxen.ai/api/events")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept"] == "text/event-stream"


@pytest.mark.parametrize(
    "data",
    [
        b'{"generation_id":"a","status":"succeeded","model":"m","url":"https://h.example/a"}',
        b'{"generation_id":"a","status":"failed","media_type":"image","error":"no"}',
        b'{"generation_id":"a","status":"succeeded","model_name":"m","result_url":"https://h/a"}',
        b'{"generation_id":"a","status":"failed","error_message":"no"}',
        b'{"generation_id":"a"}',
        b'{"generation_id":"a","status":7,"url":{"x":[]},"error":null,"model":[],"new":1}',
        b'{\ndata: "generation_id":\ndata: "a"}',
    ],
    ids=repr,
)
def test_an_event_tells_which_generation_has_ended_in_either_vocabulary(data: bytes) -> None:
    assert ended(b"event: media_generation_completed\ndata: " + data + b"\n\n") == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        b'event: deployment_updated\ndata: {"generation_id":"a"}\n\n',
        b'event: media_generation_started\ndata: {"generation_id":"a"}\n\n',
        b'event: Media_Generation_Completed\ndata: {"generation_id":"a"}\n\n',
        b'data: {"generation_id":"a"}\n\n',
        b': event: media_generation_completed\ndata: {"generation_id":"a"}\n\n',
        b"event: media_generation_completed\ndata: {not json\n\n",
        b"event: media_generation_completed\ndata: " + b"[" * 10_000 + b"\n\n",
        b"event: media_generation_completed\ndata: null\n\n",
        b'event: media_generation_completed\ndata: ["a"]\n\n',
        b'event: media_generation_completed\ndata: "a"\n\n',
        b"event: media_generation_completed\ndata: {}\n\n",
        b'event: media_generation_completed\ndata: {"generation_id":7}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":null}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":""}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":["a"]}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":"\\ud83d"}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":"\xff"}\n\n',
        b'event: media_generation_completed\ndata: {"generation_id":"a"}\n',
        b"event: media_generation_completed\n\n",
        HTML,
    ],
    ids=lambda text: repr(text[:60]),
)
def test_all_else_is_passed_over_and_the_next_event_is_heard(text: bytes) -> None:
    assert ended(text) == set()
    assert ended(text + b"\n\n" + DONE % b"b") <= {"a", "b"}
    assert "b" in ended(text + b"\n\n" + DONE % b"b")


def test_events_are_heard_however_the_bytes_are_cut_and_lines_end() -> None:
    text = b"\xef\xbb\xbf" + (ALIVE + DONE % b"a" + DONE % b"b").replace(b"\n", b"\r\n")

    assert ended(*(text[n : n + 1] for n in range(len(text)))) == {"a", "b"}


def test_an_event_that_comes_twice_is_news_once() -> None:
    assert ended(DONE % b"a", DONE % b"a") == {"a"}


# --- news


def test_news_is_told_once() -> None:
    line = Line(stream(DONE % b"a"))

    with line.listen() as listening:
        heard = listening.wait(SOON)
        while not heard.ended:
            heard = listening.wait(SOON)
        assert listening.wait(0) == News()


def test_every_connection_begins_with_a_gap() -> None:
    """However many there were before the question: one answer tells of all."""
    assert Line(stream()).heard() == News(gaps=True)
    assert Line(stream(), stream(ALIVE), stream()).heard() == News(gaps=True)


def test_who_waits_is_told_at_once_that_the_line_stands_and_what_has_ended() -> None:
    go_on = threading.Event()

    def speak() -> Iterator[bytes]:
        go_on.wait(SOON)
        yield DONE % b"a"

    line = Line(lambda _: httpx.Response(200, headers=EVENT_STREAM, content=speak()))

    with line.listen() as listening:
        assert listening.wait(LONG) == News(gaps=True)
        go_on.set()
        assert listening.wait(LONG) == News(ended=frozenset({A}))


NO_STREAM: list[tuple[str, Does]] = [
    ("no connection", fails(httpx.ConnectError)),
    ("no answer", fails(httpx.ReadTimeout)),
    ("a connection cut", fails(httpx.RemoteProtocolError)),
    ("401", says({"error": {"type": "unauthenticated"}}, status=401)),
    ("429", says(b"", status=429, retry_after="5")),
    ("500 with events", stream(DONE % b"a", status=500)),
    ("204", stream(status=204)),
    ("a redirect to nowhere", says(b"", status=302)),
    ("a redirect inside", says(b"", status=302, location="http://169.254.169.254/")),
    ("a page", stream(HTML, kind="text/html")),
    ("events that are called a page", stream(DONE % b"a", kind="text/html")),
    ("events without a type", lambda _: httpx.Response(200, content=iter([DONE % b"a"]))),
]


@pytest.mark.parametrize("does", [pytest.param(does, id=name) for name, does in NO_STREAM])
def test_what_is_no_event_stream_is_no_news_and_no_error(does: Does) -> None:
    line = Line(does, does)

    assert line.heard() == News()
    assert line.failures == [1, 2]


def breaks(*pieces: bytes) -> Does:
    def body() -> Iterator[bytes]:
        yield from pieces
        raise httpx.ReadError("as the system says it")

    return lambda _: httpx.Response(200, headers=EVENT_STREAM, content=body())


def test_what_was_heard_before_the_line_broke_is_kept() -> None:
    line = Line(breaks(DONE % b"a"), fails(httpx.ConnectError), stream(DONE % b"b"))

    assert line.heard() == News(ended=frozenset({A, B}), gaps=True)


def test_the_start_of_an_event_is_not_taken_for_the_end_of_another() -> None:
    half = b'event: media_generation_completed\ndata: {"generation_id":"a"}\n'

    assert Line(breaks(half), stream(b"\n", DONE % b"b")).heard().ended == {"b"}


def test_without_a_key_for_a_moment_it_goes_on() -> None:
    errors = [RuntimeError("the parameter store is away")]

    def key() -> str:
        if errors:
            raise errors.pop()
        return KEY

    line = Line(stream(DONE % b"a"))

    assert line.heard(key).ended == {"a"}
    assert line.failures == [1, 0]


# --- pauses


def test_pauses_grow_with_each_failure_and_start_anew_after_a_word() -> None:
    line = Line(
        fails(httpx.ConnectError),
        says(HTML, status=503),
        stream(),
        stream(ALIVE),
        fails(httpx.ConnectError),
        breaks(DONE % b"a"),
    )

    line.heard()

    assert line.failures == [1, 2, 3, 0, 1, 0]


@pytest.mark.parametrize(
    ("failures", "least", "most"),
    [(0, 0.5, 1), (1, 1, 2), (2, 2, 4), (3, 4, 8), (4, 7.5, 15), (5, 7.5, 15), (10**9, 7.5, 15)],
)
def test_a_pause_lies_between_half_a_second_and_fifteen_with_jitter(
    failures: int, least: float, most: float
) -> None:
    assert pause_after(failures, chance=lambda: 0.0) == least
    assert pause_after(failures, chance=lambda: 1.0) == most
    assert least <= pause_after(failures) <= most


# --- leaving


def test_who_leaves_in_a_pause_is_gone_at_once() -> None:
    line = Line(fails(httpx.ConnectError))

    line.heard()  # the pause that it ends in is a long one

    assert listeners() == []
    assert len(line.requests) == 1


def test_leaving_by_an_error_leaves_no_listener_behind() -> None:
    with pytest.raises(RuntimeError, match="of the listener"), Line(stream(ALIVE)).listen():
        raise RuntimeError("of the listener")

    assert listeners() == []


def test_two_may_listen_side_by_side_and_each_hears_all() -> None:
    http = a_client(stream(DONE % b"a"))
    events = OxenEvents(http, base_url=OXEN_URL, key=lambda: KEY, pause=lambda _: LONG)

    with events.listen() as one, events.listen() as other:
        for listening in (one, other):
            heard: set[str] = set()
            while not heard:
                heard |= listening.wait(SOON).ended
            assert heard == {"a"}
