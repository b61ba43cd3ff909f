"""A pass-through proxy on loopback that records every POST and what it was answered."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from local.ports import LOOPBACK
from tests.patience import PATIENCE_SECONDS

_OWN_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(slots=True, kw_only=True)
class Post:
    body: bytes
    status: int | None = None  # None until it is answered
    job_id: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status == HTTPStatus.OK


class CountingProxy(ThreadingHTTPServer):
    """Forwards every request unchanged, and keeps the POSTs in the order they came."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        parts = urlsplit(upstream)
        self.upstream = parts.netloc
        self.base_url = f"http://{LOOPBACK}:{self.server_port}{parts.path}"
        self.posts: list[Post] = []

    def posts_with(self, prompt: str) -> list[Post]:
        return [post for post in self.posts if prompt.encode() in post.body]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CountingProxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
        """Print nothing."""

    def do_GET(self) -> None:
        self._answer(*self._forwarded(b""))

    def do_POST(self) -> None:
        post = Post(body=self._read_body())
        self.server.posts.append(post)
        response, content = self._forwarded(post.body)
        post.status = response.status
        post.job_id = response.headers.get("x-seedhook-job-id")
        self._answer(response, content)

    def _forwarded(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=PATIENCE_SECONDS)
        with closing(upstream):
            upstream.request(self.command, self.path, body, self._end_to_end(self.headers))
            response = upstream.getresponse()
            return response, response.read()

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", "0")))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, response: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(response.status)
        for name, value in self._end_to_end(response.headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        with suppress(ConnectionError):  # a program that failed in one call drops its others
            self.end_headers()
            self.wfile.write(content)

    @staticmethod
    def _end_to_end(headers: Message) -> dict[str, str]:
        return {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}


@contextmanager
def counting_proxy(upstream: str) -> Iterator[CountingProxy]:
    """Serve in a thread until the block ends."""
    with CountingProxy(upstream) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
