"""The other end of what the sandbox sends: a receiver of callbacks and a host of references."""

import asyncio
import io
import threading

from PIL import Image
from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send


class Stage:
    """One port for all tests; each has a peer of its own behind it."""

    def __init__(self) -> None:
        self.base_url = ""

    def play(self, peer: "Peer") -> None:
        self._playing = peer.app()

    def app(self) -> Starlette:
        return Starlette(routes=[Mount("/", self._hand_on)])

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._playing(scope, receive, send)


class Peer:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.received: list[JsonValue] = []
        self.called: list[str] = []  # paths, as callbacks came in
        self.answers: list[int] = []  # statuses to answer callbacks with, then 200
        self.images_served = 0
        self.asked = threading.Event()
        self._may_answer = threading.Event()

    def let_go(self) -> None:
        self._may_answer.set()

    def url(self, path: str) -> str:
        return f"{self.base_url}/{path}"

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/callback", self._callback, methods=["POST"]),
                Route("/callback/{token}", self._callback, methods=["POST"]),
                Route("/moved", self._moved, methods=["GET", "POST"]),
                Route("/wide.png", self._image),
                Route("/slow.png", self._slow_image),
                Route("/text.png", self._text),
                Route("/forbidden.png", self._forbidden),
            ]
        )

    async def _callback(self, request: Request) -> Response:
        self.called.append(request.url.path.removeprefix("/"))
        self.received.append(await request.json())
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def _moved(self, _: Request) -> Response:
        return RedirectResponse(self.url("wide.png"))

    async def _image(self, _: Request) -> Response:
        self.images_served += 1
        return Response(picture(400, 100), media_type="image/png")

    async def _slow_image(self, request: Request) -> Response:
        self.asked.set()
        await asyncio.to_thread(self._may_answer.wait)
        return await self._image(request)

    async def _text(self, _: Request) -> Response:
        return Response(b"not an image", media_type="image/png")

    async def _forbidden(self, _: Request) -> Response:
        return Response(status_code=403)


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()
