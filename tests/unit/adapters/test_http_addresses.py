"""Where a request may go: which addresses, which names, which certificates."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from shared.adapters.http import HttpClient
from shared.adapters.http_errors import (
    ConnectFailed,
    ForbiddenAddress,
)
from shared.adapters.resolve import resolve_ipv4
from tests.unit.adapters.sites import (
    PUBLIC,
    SECONDS,
    Site,
    a_client,
    answer,
    certified,
    get,
    lead_to,
    nobody,
)
from tests.unit.adapters.urls import FORBIDDEN, GOOD

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_url_that_is_not_plainly_public_is_refused_before_any_lookup(
    url: str, dialled: list[tuple[str, int]]
) -> None:
    client = a_client()

    with pytest.raises(ForbiddenAddress):
        client.request("GET", url, deadline_seconds=SECONDS)
    with pytest.raises(ForbiddenAddress):
        get(client, url)

    assert dialled == []


@pytest.mark.parametrize(("url", "host"), GOOD)
def test_a_public_url_is_looked_up_once_and_connected_to_by_address(
    url: str, host: str, dialled: list[tuple[str, int]]
) -> None:
    lookups: list[str] = []

    def resolve(name: str) -> Sequence[str]:
        lookups.append(name)
        return [PUBLIC, "1.1.1.1"]

    with pytest.raises(ConnectFailed):
        a_client(resolve=resolve).request("GET", url, deadline_seconds=SECONDS)

    assert lookups == [host]
    assert dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["168.63.129.16"],
        ["224.0.0.1"],
        ["::1"],
        [PUBLIC, "192.168.0.1"],
        ["192.168.0.1", PUBLIC],
        [PUBLIC, "::ffff:127.0.0.1"],
    ],
)
def test_a_name_with_one_private_address_is_refused_before_connecting(
    addresses: list[str], dialled: list[tuple[str, int]]
) -> None:
    client = a_client(resolve=lambda _: addresses)

    with pytest.raises(ForbiddenAddress, match=r"rebound\.example"):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)

    assert dialled == []


def test_a_name_that_changes_its_mind_is_vetted_again_for_each_connection(
    dialled: list[tuple[str, int]],
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    client = a_client(resolve=lambda _: next(answers))

    with pytest.raises(ConnectFailed):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)
    with pytest.raises(ForbiddenAddress):
        client.request("GET", "https://rebound.example/", deadline_seconds=SECONDS)

    assert dialled == [(PUBLIC, 443)]


def test_a_loopback_origin_is_reached_and_nothing_beside_it(serve: Callable[..., Site]) -> None:
    named, other = serve(answer(b"named")), serve(answer(b"other"))
    client = a_client(named)

    assert client.request("GET", named.url, deadline_seconds=SECONDS).body == b"named"
    port = named.server_address[1]
    for url in (other.url, f"http://localhost:{port}/", f"http://127.0.0.1.:{port}/"):
        with pytest.raises(ForbiddenAddress):
            client.request("GET", url, deadline_seconds=SECONDS)

    assert (named.accepted, other.accepted) == (1, 0)


def test_localhost_is_this_machine_whatever_a_resolver_says(
    serve: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(answer(b"here"))
    wanted = lead_to(site, monkeypatch)
    client = HttpClient(loopback_origins=frozenset({"localhost:9000"}), resolve=nobody)

    assert client.request("GET", "http://localhost:9000/", deadline_seconds=SECONDS).body == b"here"
    assert wanted == [("127.0.0.1", 9000)]


@pytest.mark.parametrize("origin", ["10.0.0.1:80", "example.com:443", "127.0.0.1", "*"])
def test_a_loopback_origin_cannot_open_another_machine(origin: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        HttpClient(loopback_origins=frozenset({origin}))


def test_names_are_resolved_to_ipv4_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def getaddrinfo(*_: object, family: int, **__: object) -> list[tuple[object, ...]]:
        asked.append(family)
        return [(family, 1, 6, "", (PUBLIC, 0)), (family, 1, 6, "", ("1.1.1.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    assert resolve_ipv4("example.com") == [PUBLIC, "1.1.1.1"]
    assert asked == [socket.AF_INET]


def test_tls_goes_by_the_name_while_the_connection_goes_to_the_vetted_address(
    serve: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    tls = certified("images.example", tmp_path, monkeypatch)
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    site = serve(answer(b"secret"), tls)
    wanted = lead_to(site, monkeypatch)

    body = get(a_client(resolve=lambda _: [PUBLIC]), "https://images.example/")

    assert body == b"secret"
    assert wanted == [(PUBLIC, 443)]
    assert names == ["images.example"]
    assert site.header("host") == ["images.example"]


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    serve: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(answer(), certified("images.example", tmp_path, monkeypatch))
    lead_to(site, monkeypatch)
    client = a_client(resolve=lambda _: [PUBLIC])

    with pytest.raises(ConnectFailed):
        client.request("GET", "https://other.example/", deadline_seconds=SECONDS)

    assert site.requests == []
