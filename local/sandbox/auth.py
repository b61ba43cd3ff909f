"""The bearer key that every provider asks for."""

import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.sandbox.settings import SandboxSettings


class KeyRequired:
    """Answers with `refusal` unless the key is there and right."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: SandboxSettings,
        refusal: Callable[[Request], Response],
    ) -> None:
        self._app = app
        self._settings = settings
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        allowed = bearer_key(request, self._settings)
        answer = self._app if allowed else self._refusal(request)
        await answer(scope, receive, send)


def bearer_key(request: Request, settings: SandboxSettings) -> str | None:
    """Return the key, or None when there is none or not the right one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        return None
    expected = settings.api_key
    if expected and not hmac.compare_digest(key.encode(), expected.encode()):
        return None
    return key
