"""The calls that answer with the image itself: `/images/generate` and `/images/edit`."""

import base64
from http import HTTPStatus

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.sandbox.background import Stopped
from local.sandbox.clock import unix_seconds
from local.sandbox.faults.gates import Submissions, gate
from local.sandbox.ledger import FREE, Provider
from local.sandbox.orders import Picture
from local.sandbox.oxen.catalogue import PRICE_USD
from local.sandbox.oxen.enqueue import checked_model, read_object
from local.sandbox.oxen.errors import OxenError, PlainOxenError
from local.sandbox.oxen.generations import Generation, Status
from local.sandbox.oxen.models import REFERENCE_FIELDS
from local.sandbox.oxen.painter import NotPainted, Painter
from local.sandbox.oxen.queue import ledger_row

FORMATS = ("url", "b64_json")


class Blocking:
    def __init__(self, painter: Painter) -> None:
        self._painter = painter

    def routes(self) -> list[Route]:
        gated = gate(Submissions, self._painter.studio, Provider.OXEN)
        return [
            Route("/api/ai/images/generate", self.generate, methods=["POST"], middleware=gated),
            Route("/api/ai/images/edit", self.edit, methods=["POST"], middleware=gated),
        ]

    async def generate(self, request: Request) -> JSONResponse:
        params = read_object(await request.body())
        return await self._answer(params, received=params)

    async def edit(self, request: Request) -> JSONResponse:
        """Take the reference under one name, whatever the model calls it."""
        params = read_object(await request.body())
        field = REFERENCE_FIELDS[checked_model(params)]
        given = params.get("input_image")
        if not given:
            raise OxenError(HTTPStatus.BAD_REQUEST, "input_image is required")
        others = {name: value for name, value in params.items() if name != "input_image"}
        references: JsonValue = [given] if isinstance(given, str) else given
        return await self._answer({**others, field: references}, received=params)

    async def _answer(
        self, params: dict[str, JsonValue], *, received: dict[str, JsonValue]
    ) -> JSONResponse:
        model = checked_model(params)
        wanted = params.get("response_format", "url")
        if wanted not in FORMATS:
            raise OxenError(HTTPStatus.BAD_REQUEST, "response_format must be url or b64_json")
        asked = {name: value for name, value in params.items() if name != "response_format"}
        generation = Generation(model=model, params=asked, number=1, total=1)
        work = self._paint(generation, received)
        try:
            picture = await self._painter.studio.background.finish(work)
        except NotPainted as exc:
            raise PlainOxenError(HTTPStatus.BAD_REQUEST, str(exc)) from exc
        except Stopped as exc:
            raise PlainOxenError(HTTPStatus.SERVICE_UNAVAILABLE, "Shutting down") from exc
        images = [_image(picture, str(wanted))] if picture else []
        return JSONResponse({"model": model, "created": unix_seconds(), "images": images})

    async def _paint(
        self, generation: Generation, received: dict[str, JsonValue]
    ) -> Picture | None:
        """Paint without the queue: no id to read, no event, but the same bill."""
        generation.start()
        studio = self._painter.studio
        row = studio.ledger.add(ledger_row(generation, request=received))
        try:
            picture = await self._painter.paint(generation, row)
        except NotPainted:
            generation.end(Status.FAILED, row, FREE)
            raise
        generation.end(Status.SUCCEEDED, row, PRICE_USD)
        return picture


def _image(picture: Picture, wanted: str) -> dict[str, str]:
    inline = base64.b64encode(picture.data).decode() if wanted == "b64_json" else None
    return {"b64_json": inline} if inline else {"url": picture.url}
