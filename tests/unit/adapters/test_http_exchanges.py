"""What is sent, what is read of the answer, and what no exchange leaves behind."""

import json
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.adapters.http_errors import (
    ConnectFailed,
    ExchangeFailed,
)
from tests.unit.adapters.sites import SECONDS, Site, a_client, answer, get

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_json_is_sent_as_ascii_and_a_body_byte_for_byte(serve: Callable[..., Site]) -> None:
    site = serve(answer())
    client = a_client(site)
    words = {"prompt": "a \N{SNOWMAN} and half a pair \ud83d"}
    signed = b'{"b": 1,  "a":\xe2\x98\x83}'

    client.request("POST", site.url, json=words, deadline_seconds=SECONDS)
    client.request("PUT", site.url, body=signed, deadline_seconds=SECONDS)

    first, second = (request.partition(b"\r\n\r\n")[2] for request in site.requests)
    assert first.isascii()
    assert json.loads(first) == words
    assert second == signed
    assert site.header("content-type") == ["application/json"]


def test_the_headers_of_the_caller_replace_the_usual_ones(serve: Callable[..., Site]) -> None:
    site = serve(answer())
    headers = {"User-Agent": "curl", "Content-Type": "application/x-yaml"}

    a_client(site).request("POST", site.url, json=1, headers=headers, deadline_seconds=SECONDS)

    assert (site.header("user-agent"), site.header("content-type")) == (
        ["curl"],
        ["application/x-yaml"],
    )


def test_an_answer_has_its_status_headers_and_body(serve: Callable[..., Site]) -> None:
    site = serve(answer(b"no", status="404 Not Found", headers="X-One: 1\r\nx-one: 2\r\n"))

    got = a_client(site).request("GET", site.url, deadline_seconds=SECONDS)

    assert (got.status, got.body) == (404, b"no")
    assert got.headers["x-one"] == "1, 2"


def test_an_answer_may_have_no_body_however_long_it_says_it_is(
    serve: Callable[..., Site],
) -> None:
    site = serve(answer(b"", length=50))
    client = a_client(site)

    assert client.request("HEAD", site.url, deadline_seconds=SECONDS).body == b""
    assert client.request("HEAD", site.url, deadline_seconds=SECONDS, max_bytes=9).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer s3cret\n"),
        ("authorization", "Bearer s3cret\r\nX-More: 1"),
        ("authorization", "Bearer s3cret\N{SNOWMAN}"),
        ("authorization", " s3cret"),
        ("s3cret name", "1"),
    ],
)
def test_a_header_that_cannot_be_sent_is_surely_not_sent(
    name: str, value: str, serve: Callable[..., Site]
) -> None:
    site = serve(answer())

    with pytest.raises(ConnectFailed) as caught:
        a_client(site).request("POST", site.url, headers={name: value}, deadline_seconds=SECONDS)

    assert site.accepted == 0
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_every_exchange_has_a_connection_of_its_own_and_no_memory(
    serve: Callable[..., Site],
) -> None:
    site = serve(answer(headers="Set-Cookie: session=1; Path=/\r\n"))
    client = a_client(site)

    for _ in range(3):
        client.request("GET", site.url, deadline_seconds=SECONDS)

    assert site.accepted == 3
    assert site.header("cookie") == []
    assert site.header("connection") == ["close"] * 3


def test_one_client_serves_several_threads(serve: Callable[..., Site]) -> None:
    site = serve(lambda request: [answer(request.split()[1])])
    client = a_client(site)

    with ThreadPoolExecutor(4) as pool:
        bodies = pool.map(lambda n: get(client, f"{site.url}/{n}"), range(20))

    assert list(bodies) == [f"/{n}".encode() for n in range(20)]


def test_the_environment_names_no_proxy_and_no_password(
    serve: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, site = serve(answer(b"proxied")), serve(answer(b"direct"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)

    assert get(a_client(site), site.url) == b"direct"
    assert site.header("authorization") == []
    assert proxy.accepted == 0


def test_a_signed_link_reaches_no_log_and_no_error(
    serve: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = serve(answer(b"short", length=6))
    secret = "s3" + "cret"  # in two halves, because a traceback quotes this file

    with pytest.raises(ExchangeFailed) as caught:
        get(a_client(site), f"{site.url}/k?sig={secret}", headers={"authorization": secret})

    assert caplog.text == ""
    assert secret not in "".join(traceback.format_exception(caught.value))
