"""Posts to the submit function, and time that passes while it waits."""

import json
from collections.abc import Mapping

from functions.submit.handler import create_app
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService


def post(  # noqa: PLR0913  # a request has that many parts
    service: MemoryService,
    path: str,
    body: object,
    *,
    key: str,
    headers: Mapping[str, str] | None = None,
    came_ago: float = 0,
) -> Answer:
    """`came_ago` is how many seconds before now the gateway had the request."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    event = http_event("POST", path, body=text, key=key)
    event["headers"] |= headers or {}
    came = service.clock.now().timestamp() - came_ago
    event["requestContext"]["timeEpoch"] = int(came * 1000)
    return Answer.of(create_app(service).resolve(event, AnyContext()))


def finish_after(service: MemoryService, wait: float) -> None:
    """Let the providers finish what they have in hand once so many seconds have passed."""
    start, sleep = service.clock.now(), service.time.sleep

    def sleeping(seconds: float) -> None:
        sleep(seconds)
        if (service.clock.now() - start).total_seconds() >= wait:
            deliver(service)

    service.time.sleep = sleeping


def deliver(service: MemoryService) -> None:
    service.deliver_messages()
    for provider in (service.apixo, service.oxen):
        provider.finish_all()
    for job in service.jobs.newest("default", limit=100, cursor=None).jobs:
        service.collect(job.id)
