"""API Gateway and Lambda's Runtime API in one process: requests in, events out, answers back.

Each environment takes one event at a time and then asks for the next. An event goes to the one
that asked last, as Lambda prefers a warm one; when all are at work it waits for the first.
`/environments` tells how many wait for an event.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from benchmarks.peer.wire import Message, reply, serve
from local.engine import ROOT

_RUNTIME: Final = "/2018-06-01/runtime"
_SAMPLE: Final = json.loads((ROOT / "events" / "submit.http.json").read_bytes())
_SECONDS: Final = 29
_ARN: Final = "arn:aws:lambda:us-east-1:000000000000:function:submit"


def event_of(request: Message) -> dict[str, Any]:
    """Return the sample event with what a request brings of its own."""
    method, path, _ = request.start.split()
    context = _SAMPLE["requestContext"] | {
        "http": _SAMPLE["requestContext"]["http"] | {"method": method, "path": path},
        "timeEpoch": int(time.time() * 1000),
    }
    headers = _SAMPLE["headers"] | request.headers
    changed = {"rawPath": path, "headers": headers, "requestContext": context}
    return {**_SAMPLE, **changed, "body": request.body.decode()}


@dataclass(slots=True)
class Gateway:
    _free: list[asyncio.Future[str]] = field(default_factory=list)
    _waiting: deque[str] = field(default_factory=deque)
    _events: dict[str, bytes] = field(default_factory=dict)
    _answers: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, request: Message) -> bytes:
        if request.path == "/environments":
            return reply(200, len(self._free))
        if not request.path.startswith(_RUNTIME):
            return await self._invoked(request)
        if request.path.endswith("/next"):
            return await self._next()
        return self._answered(request)

    async def _invoked(self, request: Message) -> bytes:
        name = f"request-{next(self._numbers)}"
        self._events[name] = json.dumps(event_of(request)).encode()
        outcome = self._answers[name] = asyncio.get_running_loop().create_future()
        if self._free:
            self._free.pop().set_result(name)
        else:
            self._waiting.append(name)
        answer = await outcome
        return reply(answer["statusCode"], answer["body"].encode(), answer["headers"])

    async def _next(self) -> bytes:
        if self._waiting:
            name = self._waiting.popleft()
        else:
            self._free.append(asyncio.get_running_loop().create_future())
            name = await self._free[-1]
        headers = {
            "Lambda-Runtime-Aws-Request-Id": name,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _SECONDS) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": _ARN,
        }
        return reply(200, self._events.pop(name), headers)

    def _answered(self, request: Message) -> bytes:
        *_, name, kind = request.path.split("/")
        content = json.loads(request.body)
        if kind == "response":
            self._answers.pop(name).set_result(content)
        else:  # of an event, or of a start: then nobody waits for it, and the start is missed
            print(content, file=sys.stderr)
            failed = {"statusCode": 500, "headers": {}, "body": "{}"}
            if name in self._answers:
                self._answers.pop(name).set_result(failed)
        return reply(202, {})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Gateway()))
