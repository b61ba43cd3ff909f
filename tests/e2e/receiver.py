"""A receiver of webhooks on loopback, that verifies nothing and keeps everything."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.patience import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass(slots=True)
class Receiver:
    """Each path answers with the statuses it was given, one after the other, then with 200."""

    port: int
    statuses: dict[str, list[int]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def wait(self, path: str, count: int) -> list[Received]:
        """Return what came to a path, once it is as much as that."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(came := [one for one in self.received if one.path == path]) < count:
            assert time.monotonic() < deadline, f"{path} has got {len(came)} of {count}"
            time.sleep(0.05)
        return came


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Visit(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(path=self.path, headers=headers, body=body, at=time.monotonic())
            receiver.received.append(one)
            planned = receiver.statuses.get(self.path)
            self.send_response(planned.pop(0) if planned else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Visit) as server:
        receiver = Receiver(server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
