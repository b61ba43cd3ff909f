"""The API as a list of answers, and a clock that moves when somebody sleeps."""

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from client.seedhook import Patience, Seedhook

URL = "https://seedhook.example"
KEY = "sk_key"

type Play = httpx.Response | Exception


@dataclass
class Played:
    """Answers in the order given, and remembers what was asked."""

    answers: deque[Play]
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    seconds: float = 0.0
    # How long the API takes for each answer.
    latency: float = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.seconds += self.latency
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {one.url.raw_path.decode()}" for one in self.asked]

    @staticmethod
    def bodies_of(request: httpx.Request) -> Any:
        return json.loads(request.content)

    def bodies(self) -> list[Any]:
        return [json.loads(one.content) for one in self.asked if one.content]


def playing(*answers: Play, latency: float = 0.0, tries: int = 5) -> tuple[Seedhook, Played]:
    played = Played(deque(answers), latency=latency)
    client = Seedhook(
        URL,
        KEY,
        patience=Patience(tries=tries, chance=lambda: 1.0),
        transport=httpx.MockTransport(played),
        clock=played.clock,
        sleep=played.sleep,
    )
    return client, played


def answer(document: object, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=document, headers=named)


def problem(status: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "urn:seedhook:problem:some",
        "title": "Some",
        "status": status,
        "detail": "so it is",
        "code": "some",
        "who": "client",
        "retryable": False,
        "errors": [],
        "request_id": "request-1",
    } | more


def a_job(status: str = "queued", version: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": "job_1",
        "object": "job",
        "status": status,
        "model": "seedream-4.5",
        "provider": "apixo",
        "delivery": "callback",
        "sandbox": True,
        "input": {"prompt": "a fox"},
        "images": [],
        "requested_images": 1,
        "delivered_images": 0,
        "error": None,
        "attempts": [],
        "cost": {"estimated_usd": "0.035000", "charged_usd": None},
        "late": False,
        "metadata": {},
        "tags": [],
        "version": version,
        "created_at": "2026-11-20T12:00:00.000Z",
        "updated_at": "2026-11-20T12:00:00.000Z",
        "completed_at": None,
        "timeline": [{"at": "2026-11-20T12:00:00.000Z", "status": "queued", "note": None}],
        "urls": {"self": f"{URL}/v1/jobs/job_1"},
    } | more


def an_image(content: bytes, index: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "index": index,
        "key": f"images/job_1/{index}.png",
        "url": f"https://media.example/{index}.png?signature=s",
        "preview_url": None,
        "content_type": "image/png",
        "bytes": len(content),
        "width": 1,
        "height": 1,
        "sha256": hashlib.sha256(content).hexdigest(),
        "verified": None,
    } | more
