"""Oxen's endpoints under one key."""

from functools import partial
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from local.sandbox.auth import KeyRequired
from local.sandbox.connection import hang_up
from local.sandbox.oxen.blocking import Blocking
from local.sandbox.oxen.catalogue import describe
from local.sandbox.oxen.errors import OxenError, on_error
from local.sandbox.oxen.events import Events
from local.sandbox.oxen.generations import Generations
from local.sandbox.oxen.history import History
from local.sandbox.oxen.models import REQUESTS
from local.sandbox.oxen.painter import Painter
from local.sandbox.oxen.queue import Queue
from local.sandbox.studio import Studio

EVENT_STREAM: Final = "text/event-stream"


class Oxen:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self.events = Events(studio.settings.keep_alive_seconds, chaos=studio.chaos)
        self._generations = Generations()
        self._painter = Painter(studio=studio, events=self.events)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                *Queue(self._painter, self._generations).routes(),
                *History(self._studio, self._generations).routes(),
                *Blocking(self._painter).routes(),
                Route("/api/events", self.stream),
                Route("/api/ai/models", self.models),
                Route("/api/ai/models/{model}", self.model),
            ],
            middleware=[Middleware(KeyRequired, settings=self._studio.settings, refusal=_refusal)],
            exception_handlers={OxenError: on_error, HTTPException: on_error},
        )

    async def stream(self, request: Request) -> StreamingResponse:
        lines = self.events.listen(hang_up=partial(hang_up, request))
        return StreamingResponse((told.text async for told in lines), media_type=EVENT_STREAM)

    async def models(self, request: Request) -> JSONResponse:
        developer = request.query_params.get("developer_name", "bytedance")
        known = REQUESTS if developer.lower() == "bytedance" else ()
        return JSONResponse({"object": "list", "data": [describe(model) for model in known]})

    async def model(self, request: Request) -> JSONResponse:
        model = request.path_params["model"]
        if model not in REQUESTS:
            raise OxenError(HTTPStatus.NOT_FOUND, f"Model not found: {model}")
        return JSONResponse(describe(model))


def _refusal(request: Request) -> JSONResponse:
    return on_error(request, OxenError(HTTPStatus.UNAUTHORIZED, "Missing or invalid API key"))
