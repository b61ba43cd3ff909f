"""The three providers, their files, the ledger and the faults in one ASGI app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from local.sandbox.aimlapi.api import Aimlapi
from local.sandbox.apixo.api import Apixo
from local.sandbox.faults.chaos import Chaos
from local.sandbox.faults.fault import Sleep
from local.sandbox.faults.plan import NO_FAULTS, Plan, PlanRefused, read_plan
from local.sandbox.oxen.api import Oxen
from local.sandbox.settings import SandboxSettings
from local.sandbox.studio import Studio


class Books(HTTPEndpoint):
    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse(request.app.state.studio.ledger.to_json())

    async def delete(self, request: Request) -> Response:
        request.app.state.studio.ledger.clear()
        return Response(status_code=204)


class Faults(HTTPEndpoint):
    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse(request.app.state.studio.chaos.to_json())

    async def put(self, request: Request) -> JSONResponse:
        try:
            plan = read_plan(await request.body())
        except PlanRefused as exc:
            return JSONResponse({"error": str(exc)}, HTTPStatus.BAD_REQUEST)
        request.app.state.studio.chaos.arm(plan)
        return await self.get(request)

    async def delete(self, request: Request) -> Response:
        request.app.state.studio.chaos.arm(NO_FAULTS)
        return Response(status_code=204)


def create_app(
    settings: SandboxSettings, *, plan: Plan = NO_FAULTS, sleep: Sleep = asyncio.sleep
) -> Starlette:
    """Make an app whose `state.studio` is for tests and whose `state.release` ends every wait."""
    studio = Studio(settings, chaos=Chaos(plan), sleep=sleep)
    oxen = Oxen(studio)

    def release() -> None:
        oxen.events.close()
        studio.background.cancel()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            release()
            await studio.close()

    app = Starlette(routes=_routes(studio, oxen), lifespan=lifespan)
    app.state.studio = studio
    app.state.release = release
    return app


def _routes(studio: Studio, oxen: Oxen) -> list[BaseRoute]:
    return [
        Mount("/apixo/api/v1", Apixo(studio).app()),
        Mount("/oxen", oxen.app()),
        Mount("/aimlapi", Aimlapi(studio).app()),
        *studio.files.routes(),
        Route("/ledger", Books),
        Route("/faults", Faults),
    ]
