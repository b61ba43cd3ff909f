"""Redirects: who follows them, how many, whereto, and with which headers."""

from collections.abc import Callable

import httpx
import pytest

from shared.adapters.http_errors import (
    ForbiddenAddress,
    RedirectRefused,
)
from tests.unit.adapters.sites import SECONDS, Site, a_client, answer, get, mocked, redirect
from tests.unit.adapters.urls import FORBIDDEN

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_by_a_stream(status: int, serve: Callable[..., Site]) -> None:
    site = serve(lambda got: [answer() if b"/there" in got else redirect("../there", status)])

    assert get(a_client(site), f"{site.url}/a/b") == b"hello"
    assert [request.split()[:2] for request in site.requests][1] == [b"GET", b"/there"]


def test_three_redirects_are_followed_and_a_fourth_is_refused(
    serve: Callable[..., Site],
) -> None:
    def count_down(request: bytes) -> list[bytes]:
        left = int(request.split()[1].strip(b"/"))
        return [redirect(f"/{left - 1}") if left else answer()]

    site = serve(count_down)
    client = a_client(site)

    assert get(client, f"{site.url}/3") == b"hello"
    with pytest.raises(RedirectRefused):
        get(client, f"{site.url}/4")


@pytest.mark.parametrize("headers", ["", "Location:\r\n"])
def test_a_redirect_to_nowhere_is_refused(headers: str, serve: Callable[..., Site]) -> None:
    site = serve(answer(b"", status="302 Found", headers=headers))

    with pytest.raises(RedirectRefused):
        get(a_client(site), site.url)


def test_a_redirect_to_a_port_that_is_not_named_is_not_connected_to(
    serve: Callable[..., Site],
) -> None:
    inside = serve(answer(b"credentials"))
    outside = serve(redirect(f"{inside.url}/?signature=s3cret"))

    with pytest.raises(ForbiddenAddress) as caught:
        get(a_client(outside), outside.url)

    assert (outside.accepted, inside.accepted) == (1, 0)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "target", [*filter(str.isprintable, filter(str.isascii, FORBIDDEN[3:])), "//127.0.0.1/", "//["]
)
def test_a_redirect_goes_only_where_a_first_url_may(target: str) -> None:
    visited: list[str] = []

    def send_on(request: httpx.Request) -> httpx.Response:
        visited.append(str(request.url))
        return httpx.Response(302, headers={"location": target})

    with pytest.raises((ForbiddenAddress, RedirectRefused)):
        get(mocked(send_on), "https://example.com/start")

    assert {httpx.URL(url).host for url in visited} == {"example.com"}
    assert {httpx.URL(url).scheme for url in visited} == {"https"}


def test_headers_stay_with_the_first_origin_even_on_the_way_back(
    serve: Callable[..., Site],
) -> None:
    sites: list[Site] = []

    def lead_away(request: bytes) -> list[bytes]:
        path = request.split()[1]
        following = {b"/": "/again", b"/again": sites[1].url}
        return [redirect(following[path]) if path in following else answer()]

    sites.append(serve(lead_away))
    sites.append(serve(lambda _: [redirect(f"{sites[0].url}/back")]))
    first, second = sites

    get(a_client(first, second), first.url, headers={"Authorization": "Bearer key"})

    assert (len(first.requests), len(second.requests)) == (3, 1)
    assert first.header("authorization") == ["Bearer key", "Bearer key"]
    assert second.header("authorization") == []


def test_a_request_takes_a_redirect_for_an_answer(serve: Callable[..., Site]) -> None:
    elsewhere = serve(answer())
    site = serve(redirect(elsewhere.url))
    client = a_client(site, elsewhere)

    got = client.request("POST", site.url, json={}, deadline_seconds=SECONDS)

    assert (got.status, got.headers["location"]) == (302, elsewhere.url)
    assert elsewhere.accepted == 0
