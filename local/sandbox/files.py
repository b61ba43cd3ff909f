"""Where results are downloaded from: public, like the providers' own file hosts."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.sandbox.drawing import ImageFormat
from local.sandbox.faults.chaos import Chaos
from local.sandbox.faults.fault import Sleep
from local.sandbox.faults.results import RESULT, Fetch
from local.sandbox.ledger import Row


@dataclass(slots=True, kw_only=True)
class File:
    row: Row
    content_type: str
    data: bytes
    fetches: int = 0


class Files:
    def __init__(self, base_url: str, *, chaos: Chaos, wait: Sleep) -> None:
        self._base_url = base_url
        self._chaos = chaos
        self._wait = wait
        self._kept: dict[str, File] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/files/{path:path}", self.serve),
            Route("/moved/{path:path}", self.serve_plainly),
        ]

    def keep(self, data: bytes, *, row: Row, name: str, image_format: ImageFormat) -> str:
        path = f"{row.provider}/{name}.{image_format}"
        self._kept[path] = File(row=row, content_type=f"image/{image_format}", data=data)
        return f"{self._base_url}/files/{path}"

    def data_of(self, url: str) -> bytes | None:
        """Return what lies under a link, whatever fault it is served with."""
        file = self._kept.get(url.removeprefix(f"{self._base_url}/files/"))
        return file.data if file else None

    async def serve(self, request: Request) -> Response:
        file = self._found(request)
        file.fetches += 1
        fetch = self._fetch(file, request)
        for fault in self._chaos.striking(
            RESULT, file.row.provider, file.row, concerned=lambda fault: fault.concerns(fetch)
        ):
            return await fault.serve(fetch)
        return fetch.plain()

    async def serve_plainly(self, request: Request) -> Response:
        return self._fetch(self._found(request), request).plain()

    def _found(self, request: Request) -> File:
        try:
            return self._kept[request.path_params["path"]]
        except KeyError:
            raise HTTPException(404) from None

    def _fetch(self, file: File, request: Request) -> Fetch:
        return Fetch(
            request=request,
            content_type=file.content_type,
            data=file.data,
            number=file.fetches,
            elsewhere=f"{self._base_url}/moved/{request.path_params['path']}",
            wait=self._wait,
        )
