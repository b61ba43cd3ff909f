"""The console: static files, for anybody to load. What they show takes a key."""

from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Final

from shared.api.console import START_PAGE, console_files, console_headers
from shared.api.problems import RouteNotFound
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.wiring.service import Service

_A_MINUTE: Final = timedelta(minutes=1)


def add_console_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @cache
    def headers() -> dict[str, str]:
        """Where links lead is learned from links that nobody gets to see."""
        form = service.uploads.form(
            "uploads/console", content_type="image/png", most_bytes=1, life=_A_MINUTE
        )
        link = service.media.link("images/console", filename="console", life=_A_MINUTE)
        return console_headers(images=link, uploads=form.url)

    @app.get("/")
    def start_page() -> Response[bytes]:
        return _served(app, START_PAGE, headers())

    @app.get("/console/<name>")
    def console_file(name: str) -> Response[bytes]:
        return _served(app, name, headers())


def _served(app: APIGatewayHttpResolver, name: str, headers: dict[str, str]) -> Response[bytes]:
    """Raises RouteNotFound."""
    file = console_files().get(name)
    if file is None:
        raise RouteNotFound(f"the console has no file {name[:100]}")
    asked = app.current_event.headers
    headers = {**headers, "etag": file.etag}
    if file.etag in asked.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED.value, headers=headers, body=b"")
    is_packed = "gzip" in asked.get("accept-encoding", "")
    return Response(
        status_code=HTTPStatus.OK.value,
        content_type=file.content_type,
        headers=headers | ({"content-encoding": "gzip"} if is_packed else {}),
        body=file.packed if is_packed else file.content,
    )
