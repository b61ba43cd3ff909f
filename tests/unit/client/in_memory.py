"""The real API in memory, as a transport of the client."""

import json

import httpx

from tests.http_events import Answer
from tests.unit.functions.front_door import FrontDoor


def transport_of(door: FrontDoor) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        answer: Answer = door.call(
            request.method,
            request.url.path,
            json.loads(request.content) if request.content else None,
            key=request.headers["authorization"].removeprefix("Bearer "),
            query=dict(request.url.params),
            headers={"idempotency-key": request.headers.get("idempotency-key", "none")},
        )
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    return httpx.MockTransport(handle)
