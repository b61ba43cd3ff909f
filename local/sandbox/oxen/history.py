"""Past generations: the only place that tells what an image cost."""

import math
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.sandbox.faults.gates import Lists, Questions, gate
from local.sandbox.ledger import FREE, Provider
from local.sandbox.oxen.errors import OxenError
from local.sandbox.oxen.filters import generation_filter, whole_number
from local.sandbox.oxen.generations import Generations, Status
from local.sandbox.studio import Studio


class History:
    def __init__(self, studio: Studio, generations: Generations) -> None:
        self._studio = studio
        self._generations = generations

    def routes(self) -> list[Route]:
        lists, questions = (gate(kind, self._studio, Provider.OXEN) for kind in (Lists, Questions))
        return [
            Route("/api/ai/generations", self.list_rows, middleware=lists),
            Route("/api/ai/generations/{generation_id}", self.read, middleware=questions),
        ]

    async def list_rows(self, request: Request) -> JSONResponse:
        query = request.query_params
        page = whole_number(query, "page", default=1, largest=1_000_000)
        page_size = whole_number(query, "page_size", default=50, largest=1000)
        keep = generation_filter(query, default=frozenset(Status))
        newest_first = list(self._generations.matching(keep))[::-1]
        shown = newest_first[(page - 1) * page_size : page * page_size]
        costs = [generation.cost for generation in newest_first if generation.cost is not None]
        return JSONResponse(
            {
                "count": len(shown),
                "generations": [generation.history_row() for generation in shown],
                "page_number": page,
                "page_size": page_size,
                "total_entries": len(newest_first),
                "total_pages": math.ceil(len(newest_first) / page_size),
                "total_cost": str(sum(costs, start=FREE)) if costs else None,
            }
        )

    async def read(self, request: Request) -> JSONResponse:
        found = self._generations.get(request.path_params["generation_id"])
        if found is None:
            raise OxenError(HTTPStatus.NOT_FOUND, "Generation not found")
        generation, _ = found
        return JSONResponse(
            {
                "generation": generation.history_row(),
                "status": "success",
                "status_message": "resource_found",
            }
        )
