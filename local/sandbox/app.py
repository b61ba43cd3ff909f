"""The three providers, their files and the ledger in one ASGI app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from local.sandbox.aimlapi.api import Aimlapi
from local.sandbox.apixo.api import Apixo
from local.sandbox.oxen.api import Oxen
from local.sandbox.settings import SandboxSettings
from local.sandbox.studio import Studio


class Books(HTTPEndpoint):
    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse(request.app.state.studio.ledger.to_json())

    async def delete(self, request: Request) -> Response:
        request.app.state.studio.ledger.clear()
        return Response(status_code=204)


def create_app(settings: SandboxSettings) -> Starlette:
    """Make an app whose `state.studio` is for tests and whose `state.release` ends every wait."""
    studio = Studio(settings)
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
        Route("/files/{path:path}", studio.files.serve),
        Route("/ledger", Books),
    ]
