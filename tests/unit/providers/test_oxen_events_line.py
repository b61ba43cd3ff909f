"""The event stream over a real line, from the sandbox and from servers that say nothing."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.sandbox.app import create_app
from local.sandbox.faults.plan import read_plan
from local.sandbox.oxen.catalogue import PRICE_USD
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from shared.adapters.http import HttpClient
from shared.adapters.providers.oxen import Oxen
from shared.adapters.providers.oxen_events import OxenEvents
from shared.domain.ids import TaskId
from shared.domain.reports import TaskState
from shared.ports.providers import Listening, News
from tests.unit.providers.exchange import OXEN_OFFER, an_order, submitted

SOON = 5.0
LONG = 1000.0

type Start = Callable[..., tuple[Oxen, OxenEvents]]


@pytest.fixture
def start(socket_enabled: None) -> Iterator[Start]:
    """Return what starts a sandbox whose stream has the given fault."""
    del socket_enabled
    with ExitStack() as stack:

        def begin(*faults: str, keep_alive: float = 15.0, **how: Any) -> tuple[Oxen, OxenEvents]:
            lines = ", ".join(f'{{"fault": "{fault}"}}' for fault in faults)
            plan = read_plan(f'{{"oxen": [{lines}]}}')
            base_url = stack.enter_context(
                serving(
                    lambda url: create_app(
                        SandboxSettings(base_url=url, keep_alive_seconds=keep_alive), plan=plan
                    )
                )
            )
            at_oxen = f"{base_url}/oxen"
            return Oxen(client(base_url), base_url=at_oxen, key=lambda: "any-key"), OxenEvents(
                client(base_url),
                base_url=at_oxen,
                key=lambda: "any-key",
                pause=lambda _: 0.0,
                **how,
            )

        yield begin


def client(url: str) -> HttpClient:
    return HttpClient(loopback_origins=frozenset({urlsplit(url).netloc}))


def ordered(oxen: Oxen, *, n: int = 1) -> set[TaskId]:
    return set(submitted(oxen, an_order(OXEN_OFFER, n=n)).task_ids)


class Listener:
    """Notes what it is told, because one answer may tell of two things."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._ended: set[TaskId] = set()
        self._has_gap = False

    def is_connected(self) -> bool:
        """Return whether there was a new connection since the last time this was asked."""
        connected = self._waits_until(lambda: self._has_gap)
        self._has_gap = False
        return connected

    def hears_of(self, task_ids: set[TaskId]) -> bool:
        return self._waits_until(lambda: task_ids <= self._ended)

    def _waits_until(self, is_so: Callable[[], bool]) -> bool:
        while not is_so():
            news = self._listening.wait(SOON)
            if news == News():
                return False
            self._ended |= news.ended
            self._has_gap |= news.gaps
        return True


def test_what_is_enqueued_when_the_line_stands_is_heard_when_it_ends(start: Start) -> None:
    oxen, events = start()

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        assert listener.hears_of(ordered(oxen, n=4))


def test_what_was_heard_of_has_an_image_and_its_real_cost(start: Start) -> None:
    oxen, events = start()

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        task_ids = ordered(oxen)
        assert listener.hears_of(task_ids)

    (report,) = oxen.report(OXEN_OFFER, list(task_ids))
    assert report.state is TaskState.SUCCEEDED
    assert len(report.result_urls) == 1
    assert report.charged_usd == PRICE_USD


def test_a_failed_generation_is_heard_too(start: Start) -> None:
    oxen, events = start("task-failed")

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        assert listener.hears_of(ordered(oxen))


@pytest.mark.parametrize("fault", ["stream-noise", "stream-duplicated"])
def test_noise_and_repetition_hide_nothing(fault: str, start: Start) -> None:
    oxen, events = start(fault)

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        assert listener.hears_of(ordered(oxen, n=2))


def test_a_line_that_was_cut_is_made_anew_and_says_so(start: Start) -> None:
    oxen, events = start("stream-dropped")

    with events.listen() as listening:
        listener = Listener(listening)
        for _ in range(3):
            assert listener.is_connected()
            assert listener.hears_of(ordered(oxen))


def test_signs_of_life_are_no_news(start: Start) -> None:
    oxen, events = start("stream-mute", keep_alive=0.01)

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        ordered(oxen)
        assert listening.wait(0.1) == News()


def test_a_line_without_a_sign_of_life_is_made_anew(start: Start) -> None:
    _, events = start("stream-silent", keep_alive=0.01, idle_seconds=0.05)

    with events.listen() as listening:
        listener = Listener(listening)
        assert listener.is_connected()
        assert listener.is_connected()
        assert listener.is_connected()


# --- leaving


def seconds_to_leave(events: OxenEvents, *, once: Callable[[Listening], object]) -> float:
    before = threading.active_count()
    with events.listen() as listening:
        once(listening)
        started = time.monotonic()
    assert threading.active_count() == before
    return time.monotonic() - started


def test_who_leaves_a_line_that_stands_need_not_wait_for_the_next_word(start: Start) -> None:
    _, events = start()

    assert seconds_to_leave(events, once=lambda listening: Listener(listening).is_connected()) < 1


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_nor_who_leaves_while_a_server_keeps_its_answer_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        events = OxenEvents(client(url), base_url=url, key=lambda: "any-key", pause=lambda _: LONG)

        def is_asked(_: Listening) -> None:
            connection, _ = server.accept()
            assert connection.recv(4)
            connections.append(connection)

        connections: list[socket.socket] = []
        assert seconds_to_leave(events, once=is_asked) < 1
        connections.pop().close()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_nor_who_leaves_before_anybody_could_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    tried = threading.Event()

    def pause(_: int) -> float:
        tried.set()
        return LONG

    events = OxenEvents(client(url), base_url=url, key=lambda: "any-key", pause=pause)

    assert seconds_to_leave(events, once=lambda _: tried.wait(SOON)) < 1
