"""Fetching finished images: who gets the key, and what is said when it does not work."""

from collections.abc import Iterator

import httpx
import pytest

from shared.adapters.http import HttpClient
from shared.adapters.provider_images import HttpImageSource
from shared.domain.errors import ErrorCode, ResultUnavailable, ServiceError
from tests.unit.providers.exchange import HTML, KEY, Does, fails, says

FILE = "https://hub.oxen.ai/api/repos/ox/images/file/main/secret-path.png?sig=s3cret"
BYTES = b"\x89PNG" + bytes(range(256)) * 600


def source(does: Does, *, oxen: str = "hub.oxen.ai") -> HttpImageSource:
    places = frozenset({oxen} if oxen.startswith("127.") else ())
    http = HttpClient(transport=httpx.MockTransport(does), loopback_origins=places)
    return HttpImageSource(http, keys={oxen: lambda: KEY})


def fetched(images: HttpImageSource, url: str = FILE) -> bytes:
    with images.open(url) as download:
        return b"".join(download.chunks)


def authorization_at(url: str, *, oxen: str = "hub.oxen.ai") -> list[str | None]:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return says(BYTES)(request)

    fetched(source(answer, oxen=oxen), url)
    return seen


def test_an_image_arrives_byte_for_byte() -> None:
    assert fetched(source(says(BYTES))) == BYTES


@pytest.mark.parametrize(
    "url",
    [FILE, "https://HUB.Oxen.AI/a.png", "https://hub.oxen.ai:443/a.png", "https://hub.oxen.ai"],
)
def test_oxens_own_host_gets_the_key(url: str) -> None:
    assert authorization_at(url) == [f"Bearer {KEY}"]


def test_the_host_may_have_a_port_of_its_own() -> None:
    sandbox = "127.0.0.1:8790"

    assert authorization_at(f"http://{sandbox}/oxen/a.png", oxen=sandbox) == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    "url",
    [
        "https://file.apixo.ai/img1.png",
        "https://cdn.oxen.ai/a.png",
        "https://oxen.ai/a.png",
        "https://hub.oxen.ai.evil.example/a.png",
        "https://evilhub.oxen.ai/a.png",
        "https://evil.example/hub.oxen.ai",
        "https://evil.example/?hub.oxen.ai",
        "https://evil.example#hub.oxen.ai",
    ],
)
def test_no_other_host_gets_a_key(url: str) -> None:
    assert authorization_at(url) == [None]


def test_the_key_stays_behind_when_oxen_redirects_elsewhere() -> None:
    seen: list[tuple[str, str | None]] = []
    way = {
        "/start": "https://hub.oxen.ai/again",
        "/again": "https://cdn.example/away",
        "/away": "https://hub.oxen.ai/back",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.path, request.headers.get("authorization")))
        target = way.get(request.url.path)
        return says(b"", status=302, location=target)(request) if target else says(BYTES)(request)

    fetched(source(answer), "https://hub.oxen.ai/start")

    assert seen == [
        ("/start", f"Bearer {KEY}"),
        ("/again", f"Bearer {KEY}"),
        ("/away", None),
        ("/back", None),
    ]


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 503])
def test_what_is_not_200_is_no_image_and_host_and_status_say_why(status: int) -> None:
    with pytest.raises(ResultUnavailable) as caught:
        fetched(source(says(HTML, status=status)))

    assert caught.value.fault.code is ErrorCode.RESULT_GONE
    assert str(caught.value).endswith(f": hub.oxen.ai answered {status}")


def test_the_host_that_is_named_is_the_one_that_answered() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "hub.oxen.ai":
            return says(b"", status=302, location="https://cdn.example/p?sig=s3cret")(request)
        return says(HTML, status=403)(request)

    with pytest.raises(ResultUnavailable, match=r"cdn\.example answered 403$"):
        fetched(source(answer))


def breaks(_: httpx.Request) -> httpx.Response:
    def body() -> Iterator[bytes]:
        yield BYTES
        raise httpx.ReadError("reset")

    return httpx.Response(200, content=body())


@pytest.mark.parametrize(
    "does",
    [
        pytest.param(fails(httpx.ConnectError), id="no connection"),
        pytest.param(fails(httpx.ReadTimeout), id="no answer in time"),
        pytest.param(fails(httpx.RemoteProtocolError), id="a connection cut"),
        pytest.param(breaks, id="a connection cut in the middle"),
        pytest.param(says(BYTES, content_length=str(len(BYTES) + 1)), id="a short body"),
        pytest.param(says(BYTES, content_length=str(65 * 1024 * 1024)), id="a body too large"),
        pytest.param(says(BYTES, content_encoding="gzip"), id="an encoded body"),
        pytest.param(says(b"", status=302), id="a redirect to nowhere"),
        pytest.param(says(b"", status=302, location="http://10.0.0.1/"), id="a redirect inside"),
        pytest.param(says(b"", status=302, location="//["), id="a redirect to no URL"),
        pytest.param(says(b"", status=302, location=FILE), id="a redirect without end"),
    ],
)
def test_whatever_goes_wrong_the_image_can_be_fetched_again_later(does: Does) -> None:
    with pytest.raises(ResultUnavailable) as caught:
        fetched(source(does))

    assert caught.value.fault.code is ErrorCode.RESULT_GONE
    assert "secret-path" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "img1.png",
        "https://[",
        "https://[::1]/a",
        "https://hub.oxen.ai:port/",
        "https://user:s3cret@hub.oxen.ai/secret-path",
        "https://hub.oxen.ai\\@evil.example/",
        "http://hub.oxen.ai/secret-path",
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://e.example/\ud83d",
    ],
)
def test_a_link_that_may_not_be_followed_is_an_image_that_cannot_be_fetched(url: str) -> None:
    with pytest.raises(ResultUnavailable):
        fetched(source(says(BYTES)), url)


def test_a_fault_of_the_reader_stays_the_readers() -> None:
    class Full(ServiceError):
        pass

    with pytest.raises(Full), source(says(BYTES)).open(FILE):
        raise Full
