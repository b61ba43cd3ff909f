"""Clients of the API that do what good clients do: post with a key, and post again when unanswered.

Some post twice at once under one key, some call their job off, some retry what has failed.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from queue import Empty, PriorityQueue
from typing import Any, Final

import httpx

_PATIENCE_SECONDS: Final = 35.0
_PAUSE_SECONDS: Final = 0.5
_FIRST_ERROR: Final = 500
# What is worth another try: the same request meanwhile, too many requests.
_LATER: Final = frozenset({httpx.codes.CONFLICT, httpx.codes.TOO_MANY_REQUESTS})
_TWICE: Final = 0.1
_CALLED_OFF: Final = 0.06
_CANCEL_AFTER: Final = 1.5
_RETRY_AFTER: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one client wants. The prompt is in the provider's ledger as well: it names the job."""

    key: str
    provider: str
    n: int

    @property
    def prompt(self) -> str:
        return f"a lighthouse in fog, {self.key}"

    def body(self) -> dict[str, Any]:
        return {
            "model": "seedream-4.5",
            "provider": self.provider,
            "prompt": self.prompt,
            "n": self.n,
            "metadata": {"key": self.key},
        }


@dataclass(slots=True)
class Heard:
    """What the clients got to hear. Written by many threads, one append at a time."""

    jobs: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # ids by key
    texts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by key
    refused: list[str] = field(default_factory=list)
    unanswered: int = 0
    replayed: int = 0
    cancels: int = 0
    retries: int = 0


@dataclass(slots=True, kw_only=True)
class Crowd:
    wishes: tuple[Wish, ...]
    chance: random.Random
    base_url: str
    api_key: str
    until: float  # on the monotonic clock
    heard: Heard = field(default_factory=Heard)
    _plans: "PriorityQueue[tuple[float, int, Callable[[], None]]]" = field(
        default_factory=PriorityQueue
    )
    _numbers: Iterator[int] = field(default_factory=count)
    _left: threading.Event = field(default_factory=threading.Event)

    def plan(self, *, seconds: float) -> None:
        """Spread the posts over so many seconds from now on."""
        now, pace = time.monotonic(), seconds / len(self.wishes)
        for number, wish in enumerate(self.wishes):
            at = now + number * pace
            for _ in range(2 if self.chance.random() < _TWICE else 1):
                self._at(at, partial(self._post, wish))

    def leave(self) -> None:
        self._left.set()

    def work(self) -> None:
        """Do what is planned, until told to leave."""
        while not self._left.is_set():
            try:
                at, _, act = self._plans.get(timeout=_PAUSE_SECONDS)
            except Empty:
                continue
            if not self._left.wait(max(0.0, at - time.monotonic())):
                act()

    def _at(self, at: float, act: Callable[[], None]) -> None:
        self._plans.put((at, next(self._numbers), act))

    def _post(self, wish: Wish) -> None:
        headers = {"idempotency-key": wish.key}
        answer = self._insist("POST", "/v1/jobs", json=wish.body(), headers=headers)
        if answer is None:
            return
        if answer.status_code != httpx.codes.ACCEPTED:
            self.heard.refused.append(f"{wish.key}: {answer.status_code} {answer.text[:200]}")
            return
        job_id: str = answer.json()["id"]
        self.heard.jobs[wish.key].append(job_id)
        self.heard.texts[wish.key].add(answer.text)
        self.heard.replayed += "idempotent-replayed" in answer.headers
        now = time.monotonic()
        if self.chance.random() < _CALLED_OFF:
            self._at(now + _CANCEL_AFTER, partial(self._cancel, job_id))
        elif now + _RETRY_AFTER < self.until:
            self._at(now + _RETRY_AFTER, partial(self._retry_if_failed, job_id))

    def _cancel(self, job_id: str) -> None:
        if answer := self._insist("POST", f"/v1/jobs/{job_id}/cancel"):
            self.heard.cancels += answer.is_success

    def _retry_if_failed(self, job_id: str) -> None:
        job = self._insist("GET", f"/v1/jobs/{job_id}")
        if job is None or job.json().get("status") != "failed":
            return
        # Not insisted on: a retry is no more idempotent than the job it reopens.
        answer = self._once("POST", f"/v1/jobs/{job_id}/retry")
        self.heard.retries += answer is not None and answer.is_success

    def _insist(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """Ask until there is an answer that will not change; None when there is no more time."""
        while True:
            answer = self._once(method, path, **request)
            if answer is not None:
                return answer
            self.heard.unanswered += 1
            if self._left.wait(_PAUSE_SECONDS):
                return None

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        headers = {"authorization": f"Bearer {self.api_key}", **request.pop("headers", {})}
        try:
            with httpx.Client(trust_env=False, timeout=_PATIENCE_SECONDS) as http:
                answer = http.request(method, self.base_url + path, headers=headers, **request)
        except httpx.TransportError:
            return None
        is_final = answer.status_code < _FIRST_ERROR and answer.status_code not in _LATER
        return answer if is_final else None


def wishes(jobs: int, *, seed: int, chance: random.Random) -> tuple[Wish, ...]:
    return tuple(
        Wish(
            key=f"chaos-{seed}-{number:03}",
            provider=chance.choice(("apixo", "oxen")),
            n=chance.randint(1, 4),
        )
        for number in range(jobs)
    )


@contextmanager
def working(crowd: Crowd, *, clients: int) -> Iterator[None]:
    threads = [threading.Thread(target=crowd.work, name=f"client-{n}") for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        crowd.leave()
        for thread in threads:
            thread.join()
