"""The front door in one piece: submit and manage behind one call."""

import json
from dataclasses import dataclass, field
from typing import Any

from functions.manage.handler import create_app as manage_app
from functions.submit.handler import create_app as submit_app
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, MemoryService

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor", "provider": "apixo"}
PRICE = 0.035  # of one image, at APIXO


@dataclass
class FrontDoor:
    service: MemoryService = field(default_factory=MemoryService)

    def __post_init__(self) -> None:
        self._submit = submit_app(self.service)
        self._manage = manage_app(self.service)

    def call(  # noqa: PLR0913  # a request has that many parts
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = ADMIN_KEY,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        text = None if body is None else json.dumps(body)
        event = http_event(method, path, body=text, key=key, query=query)
        event["headers"] |= headers or {}
        app = self._submit if (method, path) == ("POST", "/v1/jobs") else self._manage
        return Answer.of(app.resolve(event, AnyContext()))

    def make_key(self, **wanted: Any) -> dict[str, Any]:
        answer = self.call("POST", "/v1/keys", {"name": "test"} | wanted)
        assert answer.status == 201, answer.body
        return answer.json

    def post(self, key: dict[str, Any], **parts: Any) -> Answer:
        headers = parts.pop("headers", None)
        return self.call("POST", "/v1/jobs", FOX | parts, key=key["key"], headers=headers)

    def finish_all(self) -> None:
        """Let the providers make what they have, and take it in."""
        self.service.apixo.finish_all()
        for job in self.service.jobs.newest("default", limit=100, cursor=None).jobs:
            if not job.is_terminal:
                self.service.collect(job.id)
