"""Posts to OpenAI's image API, as programs send them."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.domain.job import Job
from tests.http_events import Answer
from tests.memory_service import MemoryService
from tests.unit.functions.calling import post

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"


def generate(  # a request has that many parts
    service: MemoryService,
    key: str,
    *,
    retries: int | None = None,
    came_ago: float = 0,
    headers: Mapping[str, str] | None = None,
    **body: Any,
) -> Answer:
    """`retries` is what the official client counts; None: a program that does not say."""
    counted = {} if retries is None else {"x-stainless-retry-count": str(retries)}
    given = {**counted, **(headers or {})}
    return post(service, GENERATIONS, FOX | body, key=key, headers=given, came_ago=came_ago)


def a_form(
    parts: list[tuple[str, str | bytes]], *, boundary: str = "cut", file_name: str = "a.png"
) -> tuple[bytes, dict[str, str]]:
    """Files are bytes. Return the body and the headers it goes with."""
    body = b""
    for name, content in parts:
        is_file = isinstance(content, bytes)
        file = f'; filename="{file_name}"\r\nContent-Type: image/png' if is_file else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        data = content if isinstance(content, bytes) else content.encode()
        body += head.encode() + data + b"\r\n"
    content_type = f"multipart/form-data; boundary={boundary}"
    return body + f"--{boundary}--\r\n".encode(), {"content-type": content_type}


def edit(
    service: MemoryService,
    key: str,
    *parts: tuple[str, str | bytes],
    more: Mapping[str, str] | None = None,
    **dress: str,
) -> Answer:
    given = [("model", "seedream-4.5"), ("prompt", "make it night"), *parts]
    body, headers = a_form(given, **dress)
    return post(service, EDITS, body, key=key, headers={**headers, **(more or {})})


def jobs_of(service: MemoryService) -> tuple[Job, ...]:
    return service.jobs.newest("default", limit=100, cursor=None).jobs


def job_id_of(answer: Answer) -> str:
    return answer.headers["x-seedhook-job-id"]


def during(service: MemoryService, after: float, happens: Callable[[], object]) -> None:
    """Let something happen once, when so many seconds from now have passed in somebody's wait."""
    start, sleep = service.clock.now(), service.time.sleep
    waiting = [happens]

    def sleeping(seconds: float) -> None:
        sleep(seconds)
        if waiting and (service.clock.now() - start).total_seconds() >= after:
            waiting.pop()()

    service.time.sleep = sleeping
