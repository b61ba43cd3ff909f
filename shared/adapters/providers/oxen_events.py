"""Oxen's event stream: quick news of what has come to an end, never the only source of it.

Events go to who listens at that moment and are never repeated. So a failure here is silent: what
was not heard is found by polling, and each new connection says that there may be such.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from typing import Final

from shared.adapters.deadlines import Hangup
from shared.adapters.http import HttpClient
from shared.adapters.http_stream import HttpStream
from shared.adapters.providers.answers import json_object
from shared.adapters.providers.oxen_answers import task_id_of
from shared.adapters.providers.oxen_sse import EventParser
from shared.domain.ids import TaskId
from shared.ports.providers import Listening, News

_COMPLETED: Final = b"media_generation_completed"
_EVENT_STREAM: Final = "text/event-stream"
_OK: Final = 200
_IDLE_SECONDS: Final = 40.0  # a sign of life comes every 15: two of them are missing
# Longer than anybody listens. What lasts longer or says more is only connected anew.
_LONGEST_SECONDS: Final = 3600.0
_MOST_BYTES: Final = 64 * 1024 * 1024
_SHORTEST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0


def pause_after(failures: int, *, chance: Callable[[], float] = random.random) -> float:
    """Return seconds before the next connection: twice as many each time, and never in step."""
    step = min(_LONGEST_PAUSE, 2 * _SHORTEST_PAUSE * 2.0 ** min(failures, 9))
    return step * (1 + chance()) / 2


class OxenEvents:
    def __init__(
        self,
        http: HttpClient,
        *,
        base_url: str,
        key: Callable[[], str],
        pause: Callable[[int], float] = pause_after,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._http = http
        self._url = f"{base_url}/api/events"
        self._key = key
        self._pause = pause
        self._idle_seconds = idle_seconds

    @contextmanager
    def listen(self) -> Iterator[Listening]:
        ear, hangup = _Ear(), Hangup()
        # A daemon: it must not keep alive a process that ends without leaving the block.
        thread = Thread(
            target=self._keep_connecting, args=(ear, hangup), name="oxen-events", daemon=True
        )
        thread.start()
        try:
            yield ear
        finally:
            hangup()
            thread.join()

    def _keep_connecting(self, ear: "_Ear", hangup: Hangup) -> None:
        failures = 0
        while not hangup.is_over:
            connection = _Connection(ear)
            with suppress(Exception):  # whatever it is: nobody could catch it here
                self._connect(connection, hangup)
            failures = 0 if connection.has_spoken else failures + 1
            hangup.wait(self._pause(failures))

    def _connect(self, connection: "_Connection", hangup: Hangup) -> None:
        with self._http.stream(
            self._url,
            headers={"accept": _EVENT_STREAM, "authorization": f"Bearer {self._key()}"},
            deadline_seconds=_LONGEST_SECONDS,
            max_bytes=_MOST_BYTES,
            idle_seconds=self._idle_seconds,
            hangup=hangup,
        ) as stream:
            if _is_event_stream(stream):
                connection.hear(stream.arriving())


class _Connection:
    def __init__(self, ear: "_Ear") -> None:
        self._ear = ear
        self._parser = EventParser()
        self.has_spoken = False

    def hear(self, pieces: Iterator[bytes]) -> None:
        """Take in what comes until it ends. Of an event only the name of the task is believed."""
        self._ear.connected()
        for piece in pieces:
            self.has_spoken = True
            for event in self._parser.feed(piece):
                if event.name == _COMPLETED:
                    self._ear.ended(task_id_of(json_object(event.data)))


class _Ear:
    """Keeps what was heard until somebody asks."""

    def __init__(self) -> None:
        self._news = Condition()
        self._ended: set[TaskId] = set()
        self._gaps = False

    def wait(self, seconds: float) -> News:
        with self._news:
            self._news.wait_for(lambda: self._gaps or bool(self._ended), seconds)
            news = News(ended=frozenset(self._ended), gaps=self._gaps)
            self._ended.clear()
            self._gaps = False
            return news

    def connected(self) -> None:
        with self._news:
            self._gaps = True
            self._news.notify_all()

    def ended(self, task_id: TaskId | None) -> None:
        with self._news:
            self._ended.update(filter(None, [task_id]))
            self._news.notify_all()


def _is_event_stream(stream: HttpStream) -> bool:
    kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
    return stream.status == _OK and kind == _EVENT_STREAM
