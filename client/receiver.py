"""A small receiver of webhooks on this machine: verifies each and hands it on to be shown."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from client.seedhook import webhooks

_LONGEST_BODY: Final = 1_000_000
_SECONDS: Final = 20.0  # for a sender to say what it has to say


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request; `reason` tells why it is not to be believed."""

    message_id: str | None
    body: bytes
    reason: str | None = None


def judged(secrets: Iterable[str], *, headers: Mapping[str, str], body: bytes) -> Heard:
    """Believe a message that any of the secrets has signed."""
    try:
        message_id = webhooks.verify(secrets, headers=headers, body=body)
    except webhooks.SignatureInvalid as exc:
        return Heard(message_id=None, body=body, reason=str(exc))
    return Heard(message_id=message_id, body=body)


class _Receiver(ThreadingHTTPServer):
    def __init__(
        self, place: tuple[str, int], *, secrets: Iterable[str], tell: Callable[[Heard], None]
    ) -> None:
        super().__init__(place, _Visit)
        self._secrets = tuple(secrets)
        self._tell = tell
        self._telling = threading.Lock()

    def judged(self, *, headers: Mapping[str, str], body: bytes) -> Heard:
        return judged(self._secrets, headers=headers, body=body)

    def tell(self, heard: Heard) -> None:
        with self._telling:
            self._tell(heard)


class _Visit(BaseHTTPRequestHandler):
    timeout = _SECONDS
    server: _Receiver

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._answer(HTTPStatus.CONTENT_TOO_LARGE)
            return
        heard = self.server.judged(headers=dict(self.headers.items()), body=body)
        self._answer(HTTPStatus.UNAUTHORIZED if heard.reason else HTTPStatus.NO_CONTENT)
        # Answered first: who is told may be done listening.
        self.server.tell(heard)

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "0")
        is_known = length.isascii() and length.isdecimal() and len(length) < len("10000000")
        if not is_known or int(length) > _LONGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status.value)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """What is heard is told above; nothing else is."""


@contextmanager
def receiving(
    place: tuple[str, int], *, secrets: Iterable[str], tell: Callable[[Heard], None]
) -> Iterator[str]:
    """Listen until the block ends; give back the address. Raises OSError if it is taken."""
    with _Receiver(place, secrets=secrets, tell=tell) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        host, port = server.server_address[:2]
        try:
            yield f"http://{host!s}:{port}"
        finally:
            server.shutdown()
            thread.join()
