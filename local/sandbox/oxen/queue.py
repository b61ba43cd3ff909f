"""The queue: enqueue, read, list, cancel."""

from http import HTTPStatus

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.sandbox.faults.gates import Lists, Questions, Submissions, gate
from local.sandbox.ledger import FREE, Provider, Row
from local.sandbox.oxen.enqueue import checked_count, checked_model, namespace_of, read_object
from local.sandbox.oxen.errors import OxenError
from local.sandbox.oxen.filters import generation_filter
from local.sandbox.oxen.generations import ACTIVE, Generation, Generations, Status
from local.sandbox.oxen.painter import Painter


class Queue:
    def __init__(self, painter: Painter, generations: Generations) -> None:
        self._painter = painter
        self._generations = generations

    def routes(self) -> list[Route]:
        every, one = "/api/ai/queue", "/api/ai/queue/{generation_id}"
        submissions, lists, questions = (
            gate(kind, self._painter.studio, Provider.OXEN)
            for kind in (Submissions, Lists, Questions)
        )
        return [
            Route(every, self.enqueue, methods=["POST"], middleware=submissions),
            Route(every, self.list_rows, middleware=lists),
            Route(one, self.cancel, methods=["DELETE"]),
            Route(one, self.read, middleware=questions),
        ]

    async def enqueue(self, request: Request) -> JSONResponse:
        params = read_object(await request.body())
        model, count = checked_model(params), checked_count(params)
        queued = [
            Generation(
                model=model,
                params=params,
                number=number,
                total=count,
                namespace=namespace_of(params),
            )
            for number in range(1, count + 1)
        ]
        # Told before any of the work runs: with no latency it may be over in a moment.
        answer = [{"generation_id": one.id, "status": one.status} for one in queued]
        for generation in queued:
            self._begin(generation)
        return JSONResponse({"generations": answer})

    async def read(self, request: Request) -> JSONResponse:
        generation, _ = self._found(request)
        return JSONResponse(generation.queue_row())

    async def list_rows(self, request: Request) -> JSONResponse:
        keep = generation_filter(request.query_params, default=ACTIVE)
        rows = [generation.queue_row() for generation in self._generations.matching(keep)]
        return JSONResponse({"count": len(rows), "generations": rows})

    async def cancel(self, request: Request) -> JSONResponse:
        generation, row = self._found(request)
        if generation.status in ACTIVE:
            generation.end(Status.CANCELLED, row, FREE)
            if generation.work:
                generation.work.cancel()
        return JSONResponse({"status": "success", "generation_id": generation.id})

    def _begin(self, generation: Generation) -> None:
        studio = self._painter.studio
        row = studio.ledger.add(ledger_row(generation, request=generation.params))
        self._generations.add(generation, row)
        generation.work = studio.background.start(self._painter.run(generation, row))

    def _found(self, request: Request) -> tuple[Generation, Row]:
        found = self._generations.get(request.path_params["generation_id"])
        if found is None:
            raise OxenError(HTTPStatus.NOT_FOUND, "Generation not found")
        return found


def ledger_row(generation: Generation, *, request: dict[str, JsonValue]) -> Row:
    return Row(
        provider=Provider.OXEN,
        task_id=generation.id,
        request=request,
        images_asked=1,
        state=generation.status,
    )
