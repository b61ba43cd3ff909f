"""The provider that all candidates call: a process of its own, as quick as it is told to be.

It answers like an OpenAI-compatible image API, and like APIXO to a new task. `/wait/SECONDS` sets
how long each answer takes from then on, `/calls` tells how many images were asked for.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Final

from benchmarks.peer.wire import Message, reply, serve

_LINK: Final = "https://images.example/fox.png"


@dataclass(slots=True)
class Upstream:
    seconds: float = 0.0
    calls: int = 0

    async def __call__(self, request: Message) -> bytes:
        if request.path == "/calls":
            return reply(200, self.calls)
        if request.path.startswith("/wait/"):
            self.seconds = float(request.path.removeprefix("/wait/"))
            return reply(200, self.seconds)
        if request.path == "/v1/models":  # LiteLLM looks now and then
            return reply(200, {"object": "list", "data": [{"id": "seedream", "object": "model"}]})
        is_task = "/generateTask/" in request.path
        if not is_task and request.path != "/v1/images/generations":
            return reply(404, {})
        self.calls += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if is_task:
            task = f"task-{self.calls}"
            return reply(200, {"code": 200, "message": "success", "data": {"taskId": task}})
        return reply(200, {"created": 1_795_176_000, "data": [{"url": _LINK}]})


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Upstream()))
