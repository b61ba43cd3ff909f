"""Storing images: how fast and in how much memory, beside a plain download and a plain upload.

The floor reads an image whole and puts it whole; ours inspects, hashes and stores it in one pass
(`HttpImageSource` into `S3MediaStore`). Both fetch from the same server and write with the same
client to the same engine ten images of 30 MB, as many side by side as collect stores, by turns,
each turn in a process of its own that has done the same once before.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final
from urllib.request import ProxyHandler, build_opener

from benchmarks.table import Bar, Table
from local.ports import LOOPBACK
from shared.adapters.http import HttpClient
from shared.adapters.parallel import Threads
from shared.adapters.provider_images import HttpImageSource
from shared.adapters.s3.media import S3MediaStore
from shared.domain.ids import JobId
from shared.world.runtime import IMAGES_AT_ONCE
from tests.contract.aws import Aws
from tests.contract.samples import large_png_pieces
from tests.contract.store_huge_image import peak_kilobytes
from tests.engine import embedded_aws

IMAGES: Final = 10
SIZE: Final = 30_000_000
TURNS: Final = 3
LEAST_THROUGHPUT: Final = 0.8
MOST_MEGABYTES: Final = 60.0
_FILE: Final = "image.png"


def floor(aws: Aws, bucket: str, url: str) -> None:
    opener = build_opener(ProxyHandler({}))

    def keep(number: int) -> None:
        with opener.open(url) as answer:
            content = answer.read()
        aws.s3.put_object(Bucket=bucket, Key=f"{time.monotonic_ns()}-{number}", Body=content)

    Threads(at_once=IMAGES_AT_ONCE)(keep, range(IMAGES))


def ours(aws: Aws, bucket: str, url: str) -> None:
    place = url.split("/")[2]
    source = HttpImageSource(HttpClient(loopback_origins=frozenset({place})))
    store = S3MediaStore(aws.s3, bucket=bucket)
    job_id = JobId(f"job_{time.monotonic_ns():026d}")

    def keep(position: int) -> None:
        with source.open(url) as download:
            store.store(job_id, attempt=1, position=position, download=download)

    Threads(at_once=IMAGES_AT_ONCE)(keep, range(IMAGES))


WAYS: Final[dict[str, Callable[[Aws, str, str], None]]] = {"floor": floor, "ours": ours}


def turn(way: str, *place: str) -> tuple[float, float]:
    """Return the seconds and the megabytes of one turn, in a process of its own."""
    run = subprocess.run(  # noqa: S603  # this program again
        [sys.executable, "-m", "benchmarks.images", way, *place],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    seconds, kilobytes = json.loads(run.stdout)
    return seconds, kilobytes / 1000


def play(way: str, engine: str, bucket: str, url: str) -> None:
    aws = Aws(engine)
    WAYS[way](aws, bucket, url)  # imports, connections and the server's cache are another question
    begun = time.perf_counter()
    WAYS[way](aws, bucket, url)
    json.dump([time.perf_counter() - begun, peak_kilobytes()], sys.stdout)


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads along."""


@contextmanager
def image_server(folder: Path) -> Iterator[str]:
    with (folder / _FILE).open("wb") as image:
        image.writelines(large_png_pieces(SIZE))

    def handle(*args: object) -> _Silent:
        return _Silent(*args, directory=str(folder))  # type: ignore[arg-type]  # as the server calls

    with ThreadingHTTPServer((LOOPBACK, 0), handle) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_address[1]}/{_FILE}"
        server.shutdown()


def measure(turns: int) -> dict[str, list[tuple[float, float]]]:
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as temp:
        web, home = Path(temp, "web"), Path(temp, "engine")
        web.mkdir()
        home.mkdir()
        with image_server(web) as url, embedded_aws(home) as engine:
            bucket = Aws(engine.url).new_bucket()
            for _ in range(turns):
                for way in WAYS:
                    taken[way].append(turn(way, engine.url, bucket, url))
    return taken


def report(turns: int = TURNS) -> Table:
    taken = measure(turns)
    seconds = {way: statistics.median(one for one, _ in rows) for way, rows in taken.items()}
    memory = {way: max(one for _, one in rows) for way, rows in taken.items()}
    table = Table("Images, 10 of 30 MB", ("what", "floor", "ours", "figure", "bound", "bar"))
    speed = {way: IMAGES * SIZE / 1_000_000 / took for way, took in seconds.items()}
    ratio = Bar(speed["ours"] / speed["floor"], least=LEAST_THROUGHPUT)
    table.add("MB a second", *(f"{speed[way]:.0f}" for way in WAYS), *ratio.cells())
    more = Bar(memory["ours"] - memory["floor"], MOST_MEGABYTES)
    table.add("peak memory, MB more", *(f"{memory[way]:.0f}" for way in WAYS), *more.cells())
    return table


if __name__ == "__main__":
    if sys.argv[1:]:
        play(*sys.argv[1:])
    else:
        print(report())
