"""What a run reads, from a bucket that is not what it should be."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.chaos.records import Engine, read_images

WHOLE, SHORT = "images/job_1/1/0.png", "images/job_1/1/1.png"
CONTENT = b"all of it"
LISTING = f"""<ListBucketResult><IsTruncated>false</IsTruncated>
<Contents><Key>{WHOLE}</Key></Contents><Contents><Key>{SHORT}</Key></Contents>
</ListBucketResult>""".encode()


class Storage(BaseHTTPRequestHandler):
    """Says of one object that it is longer than what it gives of it."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = CONTENT if path.endswith(".png") else LISTING
        missing = 1000 if path.endswith(SHORT) else 0
        self.send_response(200)
        self.send_header("content-length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    with HTTPServer(("127.0.0.1", 0), Storage) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        ready = {"aws_endpoint_url": url, "region": "us-east-1", "media_bucket": "media"}
        yield Engine(ready=ready)
        server.shutdown()
        thread.join()


def test_an_image_that_comes_short_is_told_by_its_key(engine: Engine) -> None:
    images = read_images(engine)

    assert images[WHOLE] == hashlib.sha256(CONTENT).hexdigest()
    assert images[SHORT].startswith(f"unreadable: {SHORT}: ")
