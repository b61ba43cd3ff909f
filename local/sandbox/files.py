"""Where results are downloaded from: public, like the providers' own file hosts."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from local.sandbox.drawing import ImageFormat
from local.sandbox.ledger import Provider


class Files:
    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._kept: dict[str, tuple[str, bytes]] = {}

    def keep(self, data: bytes, *, provider: Provider, name: str, image_format: ImageFormat) -> str:
        path = f"{provider}/{name}.{image_format}"
        self._kept[path] = (f"image/{image_format}", data)
        return f"{self._base_url}/files/{path}"

    async def serve(self, request: Request) -> Response:
        try:
            content_type, data = self._kept[request.path_params["path"]]
        except KeyError:
            raise HTTPException(404) from None
        return Response(data, media_type=content_type)
