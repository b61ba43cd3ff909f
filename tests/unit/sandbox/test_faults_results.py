import gzip
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local.sandbox.app import create_app
from local.sandbox.server import serving
from local.sandbox.settings import SandboxSettings
from tests.unit.sandbox.naps import Naps
from tests.unit.sandbox.talking import GENERATIONS, InProcess, a_plan, urls_of

BODY = {"model": "bytedance/seedream-4-5", "prompt": "a fox"}


@pytest.fixture
def sleep() -> Naps:
    return Naps()


class Served:
    """A sandbox behind a port, and the one file that it made."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        headers = {"authorization": "Bearer any-key"}
        answer = client.post(GENERATIONS, json=BODY, headers=headers).raise_for_status()
        self.path = urlsplit(answer.json()["data"][0]["url"]).path
        self.data = client.get(self.path).content

    def suffer(self, *faults: str | dict[str, Any]) -> None:
        self.client.put("/faults", json=a_plan("aimlapi", *faults)).raise_for_status()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with (
        serving(lambda url: create_app(SandboxSettings(base_url=url), sleep=Naps())) as base_url,
        httpx.Client(base_url=base_url, trust_env=False) as client,
    ):
        yield Served(client)


async def made(sandbox: InProcess) -> str:
    return urls_of(await sandbox.apixo_status(await sandbox.apixo()))[0]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "status", "start", "content_type"),
    [
        ("result-not-found", 404, b"<?xml", "application/xml"),
        ("result-expired", 403, b"<?xml", "application/xml"),
        ({"fault": "result-expired", "status": 410}, 410, b"<?xml", "application/xml"),
        ("result-html", 200, b"<!DOC", "text/html; charset=utf-8"),
        ("result-empty", 200, b"", "image/png"),
        ("result-wrong-type", 200, b"\x89PNG\r", "text/html"),
        (
            {"fault": "result-wrong-type", "content_type": "image/svg+xml"},
            200,
            b"\x89PNG\r",
            "image/svg+xml",
        ),
    ],
)
async def test_a_file_may_not_be_what_it_should(
    sandbox: InProcess, fault: Any, status: int, start: bytes, content_type: str
) -> None:
    url = await made(sandbox)
    await sandbox.suffer("apixo", fault)
    answer = await sandbox.client.get(url)
    row = await sandbox.row("apixo")

    assert (answer.status_code, answer.content[:5]) == (status, start)
    assert answer.headers["content-type"] == content_type
    assert row["faults"] == [fault if isinstance(fault, str) else fault["fault"]]
    assert row["charged_usd"] == "0.035"


@pytest.mark.anyio
async def test_each_file_may_be_gone_for_its_first_fetches_and_then_be_there(
    sandbox: InProcess,
) -> None:
    await sandbox.suffer("apixo", {"fault": "result-expired", "fetches": 2})
    urls = urls_of(await sandbox.apixo_status(await sandbox.apixo(max_images=2)))
    answers = [[(await sandbox.client.get(url)).status_code for url in urls] for _ in range(3)]

    assert answers == [[403, 403], [403, 403], [200, 200]]


@pytest.mark.anyio
async def test_a_file_may_be_compressed_unasked(sandbox: InProcess) -> None:
    url = await made(sandbox)
    plain = (await sandbox.client.get(url)).content
    await sandbox.suffer("apixo", "result-gzip")
    async with sandbox.client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("private", "http://169.254.169.254/latest/meta-data/"),
        ("file", "file:///etc/hostname"),
        ("http", "http://elsewhere.example/picture.png"),
        ("https://public.example/a.png", "https://public.example/a.png"),
    ],
)
async def test_a_file_may_redirect_to_where_nobody_should_go(
    sandbox: InProcess, to: str, location: str
) -> None:
    url = await made(sandbox)
    await sandbox.suffer("apixo", {"fault": "result-redirect", "to": to})
    answer = await sandbox.client.get(url)

    assert (answer.status_code, answer.headers["location"]) == (302, location)


@pytest.mark.anyio
async def test_a_file_may_redirect_to_itself(sandbox: InProcess) -> None:
    url = await made(sandbox)
    await sandbox.suffer("apixo", {"fault": "result-redirect", "to": "loop"})

    assert (await sandbox.client.get(url)).headers["location"] == url


@pytest.mark.anyio
async def test_a_file_may_redirect_to_a_good_place(sandbox: InProcess) -> None:
    url = await made(sandbox)
    plain = (await sandbox.client.get(url)).content
    await sandbox.suffer("apixo", {"fault": "result-redirect", "to": "good"})
    answer = await sandbox.client.get(url, follow_redirects=True)

    assert len(answer.history) == 1
    assert answer.content == plain


@pytest.mark.parametrize(("fault", "declared"), [("result-truncated", True), ("result-cut", False)])
def test_a_file_may_end_in_the_middle_with_or_without_its_length_declared(
    served: Served, fault: str, *, declared: bool
) -> None:
    served.suffer(fault)
    received = b""
    with served.client.stream("GET", served.path) as answer:
        try:
            for piece in answer.iter_raw():
                received += piece
        except httpx.RemoteProtocolError as exc:
            problem: Exception | None = exc
        else:
            problem = None

    length = str(len(served.data)) if declared else None
    assert answer.headers.get("content-length") == length
    assert received == served.data[: len(served.data) // 2]
    assert problem


def test_a_file_may_come_a_few_bytes_a_second(served: Served) -> None:
    served.suffer({"fault": "result-drip", "bytes_per_second": len(served.data) // 4})

    assert served.client.get(served.path).content == served.data


@pytest.mark.anyio
async def test_between_two_drops_a_second_passes(sandbox: InProcess, sleep: Naps) -> None:
    url = await made(sandbox)
    size = len((await sandbox.client.get(url)).content)
    await sandbox.suffer("apixo", {"fault": "result-drip", "bytes_per_second": size // 2 + 1})
    await sandbox.client.get(url)

    assert sleep.taken == [1, 1]


def test_a_file_may_never_end(served: Served) -> None:
    served.suffer("result-endless")
    received = 0
    with served.client.stream("GET", served.path) as answer:
        for piece in answer.iter_raw():
            received += len(piece)
            if received > 10 * len(served.data):
                break

    assert "content-length" not in answer.headers
