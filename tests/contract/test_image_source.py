"""Finished images at a provider: streamed whole, or said to be out of reach."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from shared.adapters.http import HttpClient
from shared.adapters.memory.buckets import MemoryImageSource
from shared.adapters.provider_images import HttpImageSource
from shared.domain.errors import ErrorCode, ResultUnavailable
from shared.ports.media import ImageSource
from tests.contract.samples import a_large_png
from tests.pictures import a_png

type Open = Callable[[Mapping[str, bytes]], tuple[ImageSource, str]]


class Site(ThreadingHTTPServer):
    """Serves files by path; of those under /short/ it sends one byte less than it said."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.files: dict[str, bytes] = {}


class _Visit(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        content = self.server.files.get(self.path)
        self.send_response(HTTPStatus.NOT_FOUND if content is None else HTTPStatus.OK)
        self.send_header("content-length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write((content or b"")[: -1 if self.path.startswith("/short/") else None])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        site.shutdown()
        thread.join()


@pytest.fixture(params=["memory", "http"])
def serve(request: pytest.FixtureRequest, site: Site) -> Open:
    """Return a source of these files, by path, and the address they lie under."""
    if request.param == "memory":
        base = "https://provider.example"
        return lambda files: (
            MemoryImageSource({base + path: content for path, content in files.items()}),
            base,
        )

    def over_http(files: Mapping[str, bytes]) -> tuple[ImageSource, str]:
        site.files = dict(files)
        place = f"127.0.0.1:{site.server_address[1]}"
        http = HttpClient(loopback_origins=frozenset({place}))
        return HttpImageSource(http, keys={}), f"http://{place}"

    return over_http


@pytest.mark.parametrize("content", [a_png(), a_large_png()], ids=["small", "large"])
def test_an_image_is_streamed_byte_by_byte(serve: Open, content: bytes) -> None:
    source, base = serve({"/a.png": content, "/b.png": b"another"})

    with source.open(f"{base}/a.png") as download:
        assert b"".join(download.chunks) == content


@pytest.mark.parametrize("serve", ["http"], indirect=True)
def test_an_image_comes_with_the_length_it_was_announced_with(serve: Open) -> None:
    source, base = serve({"/a.png": a_png()})

    with source.open(f"{base}/a.png") as download:
        assert download.announced == len(a_png())


def test_an_image_that_is_not_there_is_out_of_reach(serve: Open) -> None:
    source, base = serve({"/a.png": a_png()})

    with pytest.raises(ResultUnavailable) as gone, source.open(f"{base}/b.png"):
        pass

    assert gone.value.fault.code is ErrorCode.RESULT_GONE


def test_an_image_can_be_opened_again(serve: Open) -> None:
    source, base = serve({"/a.png": a_png()})
    with source.open(f"{base}/a.png"):
        pass

    with source.open(f"{base}/a.png") as download:
        assert b"".join(download.chunks) == a_png()


@pytest.mark.parametrize("serve", ["http"], indirect=True)
def test_an_image_that_breaks_off_is_out_of_reach_while_it_is_read(serve: Open) -> None:
    source, base = serve({"/short/a.png": a_png()})

    with pytest.raises(ResultUnavailable), source.open(f"{base}/short/a.png") as download:
        for _ in download.chunks:
            pass
