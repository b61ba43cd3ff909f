"""All three ways out, as they are wired: results, callers' references, webhooks.

Wherever a URL, a redirect or a name leads, no forbidden address is connected to. Names are resolved
and connections made by the standard library, which is watched here.
"""

import itertools
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shared.domain.errors import InvalidRequest, ResultUnavailable
from shared.usecases.webhooks import Change, Registration
from shared.wiring.service import Service
from tests.memory_service import MemoryService
from tests.unit.adapters.sites import PUBLIC, Site, answer, certified, redirect
from tests.unit.adapters.test_addresses import DENIED
from tests.unit.adapters.urls import FORBIDDEN, GOOD

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

type Way = Callable[[Service, str], str | None]

ENVIRON = {
    "OXEN_BASE_URL": "https://hub.oxen.ai",
    "OXEN_KEY_PARAMETER": "/seedhook/oxen-key",
}


def fetched_as_result(service: Service, url: str) -> str | None:
    return _fetched(service.image_source.open, url)


def fetched_as_reference(service: Service, url: str) -> str | None:
    return _fetched(service.reference_source.open, url)


def _fetched(opened: Any, url: str) -> str | None:
    """Return what was wrong; None when it came."""
    try:
        with opened(url) as download:
            b"".join(download.chunks)
    except ResultUnavailable as exc:
        return str(exc)
    return None


def posted_as_webhook(service: Service, url: str) -> str | None:
    reply = service.courier(url, headers={"webhook-id": "evt_1"}, body=b"{}")
    return reply.error or (None if reply.status == 200 else f"answered {reply.status}")


WAYS: Mapping[str, Way] = {
    "result": fetched_as_result,
    "reference": fetched_as_reference,
    "webhook": posted_as_webhook,
}
EACH_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@dataclass(slots=True)
class Net:
    """What was looked up and connected to; names lead where they are told to, by default out."""

    names: dict[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    lookups: list[str] = field(default_factory=list)
    connections: list[tuple[str, int]] = field(default_factory=list)
    site: Site | None = None  # where a connection to the public address ends

    def getaddrinfo(self, host: str, *_: object, **__: object) -> list[Any]:
        answers = self.names.get(host, [[PUBLIC]])
        addresses = answers[min(self.lookups.count(host), len(answers) - 1)]
        self.lookups.append(host)
        kind = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        return [(*kind, "", (address, 0)) for address in addresses]


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    watched = Net()

    def dial(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        watched.connections.append(address)
        if watched.site is None or address != (PUBLIC, 443):
            raise ConnectionRefusedError
        line = socket.socket()
        line.settimeout(5)
        line.connect(("127.0.0.1", watched.site.server_address[1]))
        return line

    monkeypatch.setattr(socket, "getaddrinfo", watched.getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", dial)
    return watched


@pytest.fixture(scope="module")
def service() -> Service:
    """Its client is the one that functions have; only Oxen's key is not asked for."""
    wired = Service(environ=ENVIRON)
    wired._provider_keys = {"oxen": lambda: "oxen-key"}  # noqa: SLF001  # lies in AWS
    return wired


def test_there_are_enough_of_them() -> None:
    assert len(set(FORBIDDEN)) >= 150
    assert len({url for url, _ in GOOD}) >= 50


@EACH_WAY
@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_forbidden_url_is_neither_looked_up_nor_connected_to(
    service: Service, net: Net, way: Way, url: str
) -> None:
    is_inline = url.startswith("data:") and way is fetched_as_result
    assert is_inline or way(service, url)  # a result that came inline is there without a fetch

    assert (net.lookups, net.connections) == ([], [])


@EACH_WAY
@pytest.mark.parametrize(("url", "host"), GOOD)
def test_a_good_url_is_looked_up_once_and_connected_to(
    service: Service, net: Net, way: Way, url: str, host: str
) -> None:
    assert way(service, url)  # nobody listens there

    assert (net.lookups, net.connections) == ([host], [(PUBLIC, 443)])


class TestNames:
    @EACH_WAY
    @pytest.mark.parametrize("address", DENIED)
    @pytest.mark.parametrize("others", [(), (PUBLIC,), (PUBLIC, "1.1.1.1")], ids=len)
    def test_a_name_with_a_forbidden_address_in_any_place_is_refused(
        self, service: Service, net: Net, way: Way, address: str, others: tuple[str, ...]
    ) -> None:
        for place in range(len(others) + 1):
            name = f"inside-{place}.example"
            net.names[name] = [[*others[:place], address, *others[place:]]]
            assert way(service, f"https://{name}/")

        assert net.connections == []

    @EACH_WAY
    @pytest.mark.parametrize(
        "name",
        ["localhost.localdomain", "metadata.google.internal", "127.0.0.1.nip.example", "db.corp"],
    )
    def test_a_name_of_the_inside_is_a_name_like_others(
        self, service: Service, net: Net, way: Way, name: str
    ) -> None:
        net.names[name] = [["127.0.0.1"]]

        assert way(service, f"https://{name}/")

        assert net.connections == []

    @EACH_WAY
    @pytest.mark.parametrize("address", DENIED)
    def test_a_name_that_changes_its_mind_is_believed_once(
        self, service: Service, net: Net, way: Way, address: str
    ) -> None:
        """Rebinding: what was vetted is what is connected to, and the next time is vetted anew."""
        net.names["rebound.example"] = [[PUBLIC], [address]]

        for _ in range(3):
            assert way(service, "https://rebound.example/")

        assert net.lookups == ["rebound.example"] * 3
        assert net.connections == [(PUBLIC, 443)]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    with pytest.MonkeyPatch.context() as patch:
        yield certified("outside.example", tmp_path_factory.mktemp("tls"), patch)


@pytest.fixture(scope="module")
def trusting(tls: ssl.SSLContext) -> Service:  # noqa: ARG001  # its certificate is trusted
    wired = Service(environ=ENVIRON)
    wired._provider_keys = {"oxen": lambda: "oxen-key"}  # noqa: SLF001  # lies in AWS
    return wired


@pytest.fixture
def lead(net: Net, tls: ssl.SSLContext) -> Iterator[Callable[..., None]]:
    """Let the site outside send everybody on, from one target to the next."""
    targets: list[bytes] = []

    def send_on(_: bytes) -> list[bytes]:
        return [targets.pop(0) if targets else answer()]

    with Site(send_on, tls) as site:
        Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
        net.site = site

        def lead_to(*leads: str, status: int = 302) -> None:
            targets[:] = (redirect(lead, status) for lead in leads)

        yield lead_to
        site.shutdown()


OUTSIDE = "https://outside.example/"
# What a header can hold; a target without a scheme takes that of where it came from.
TARGETS = [
    url
    for url in FORBIDDEN
    if url.isprintable() and url.isascii() and url == url.strip() and not url.startswith("//")
]
STATUSES = (301, 302, 303, 307, 308)


class TestRedirects:
    @EACH_WAY
    def test_no_redirect_leads_to_a_forbidden_url(
        self, trusting: Service, net: Net, lead: Callable[..., None], way: Way
    ) -> None:
        for target, status in zip(TARGETS, itertools.cycle(STATUSES), strict=False):
            lead(target, status=status)
            way(trusting, OUTSIDE)  # comes to nothing, or back when the target names no host

        assert len(TARGETS) >= 140
        assert set(net.lookups) == {"outside.example"}
        assert set(net.connections) == {(PUBLIC, 443)}

    @EACH_WAY
    def test_no_redirect_leads_to_a_name_of_the_inside(
        self, trusting: Service, net: Net, lead: Callable[..., None], way: Way
    ) -> None:
        for number, address in enumerate(DENIED):
            net.names[f"inside-{number}.example"] = [[PUBLIC, address]]
            for hops in range(3):
                lead(*[OUTSIDE] * hops, f"https://inside-{number}.example/")
                assert way(trusting, OUTSIDE)

        assert {place for place in net.connections if place != (PUBLIC, 443)} == set()

    @pytest.mark.parametrize("way", [fetched_as_result, fetched_as_reference])
    def test_a_redirect_to_a_good_url_is_followed(
        self, trusting: Service, net: Net, lead: Callable[..., None], way: Way
    ) -> None:
        lead(*[OUTSIDE] * 3)

        assert way(trusting, OUTSIDE) is None

        assert net.connections == [(PUBLIC, 443)] * 4

    @pytest.mark.parametrize("status", STATUSES)
    def test_a_webhook_follows_none(
        self, trusting: Service, net: Net, lead: Callable[..., None], status: int
    ) -> None:
        lead(OUTSIDE, status=status)

        assert posted_as_webhook(trusting, OUTSIDE) == f"answered {status}"

        assert net.connections == [(PUBLIC, 443)]

    @pytest.mark.parametrize("status", STATUSES)
    def test_no_key_goes_where_a_redirect_leads(
        self, net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        tls = certified("hub.oxen.ai", tmp_path, monkeypatch)
        seen: list[bytes] = []

        def send_away(request: bytes) -> list[bytes]:
            seen.append(request)
            return [redirect("https://elsewhere.example/", status)]

        with Site(send_away, tls) as site:
            Thread(target=site.serve_forever, args=(0.01,), daemon=True).start()
            net.site = site
            wired = Service(environ=ENVIRON)
            wired._provider_keys = {"oxen": lambda: "oxen-key"}  # noqa: SLF001  # lies in AWS
            assert fetched_as_result(wired, "https://hub.oxen.ai/1.png")
            site.shutdown()

        assert [b"oxen-key" in request for request in seen] == [True]
        assert net.lookups == ["hub.oxen.ai", "elsewhere.example"]


class TestRegistration:
    """An address that may never be called is refused when it is named."""

    @pytest.fixture
    def ours(self, service: Service) -> MemoryService:
        memory = MemoryService()
        memory.may_reach = service.may_reach
        return memory

    @pytest.mark.parametrize("url", FORBIDDEN)
    def test_a_forbidden_url_is_no_webhook(self, ours: MemoryService, url: str) -> None:
        made = ours.manage_webhooks.create("default", Registration(url="https://shop.example/"))

        with pytest.raises(InvalidRequest):
            ours.manage_webhooks.create("default", Registration(url=url))
        with pytest.raises(InvalidRequest):
            ours.manage_webhooks.change("default", made.id, Change(url=url))
        with pytest.raises(InvalidRequest):
            ours.submit(webhook_url=url)

    def test_every_good_one_may_be_one(self, ours: MemoryService) -> None:
        for url, _ in GOOD:
            assert ours.submit(webhook_url=url).webhook_url == url


def counted(printed: str) -> list[tuple[str, str]]:
    """Return what CloudWatch would find in the log: which metric, and the host beside it."""
    rows = [json.loads(line) for line in printed.splitlines() if "CloudWatchMetrics" in line]
    return [
        (metric["Name"], row["Host"])
        for row in rows
        for told in row["_aws"]["CloudWatchMetrics"]
        for metric in told["Metrics"]
        if told["Namespace"] == "Seedhook" and row[metric["Name"]] == 1
    ]


def test_a_result_on_a_new_host_is_counted_and_fetched_all_the_same(
    service: Service, net: Net, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched_as_result(service, "https://never-seen.example/1.png?signature=s3cret")

    printed = capsys.readouterr().out
    assert counted(printed) == [("NewResultHosts", "never-seen.example")]
    assert "s3cret" not in printed
    assert net.connections == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    ("way", "url"),
    [
        (fetched_as_result, "https://file.apixo.ai/1.png"),
        (fetched_as_result, "https://hub.oxen.ai/1.png"),
        (fetched_as_result, "https://127.0.0.1\\@new.example/"),
        (fetched_as_reference, "https://new.example/1.png"),
        (posted_as_webhook, "https://new.example/hook"),
    ],
)
def test_nothing_else_is_counted(  # fixtures
    service: Service, net: Net, capsys: pytest.CaptureFixture[str], way: Way, url: str
) -> None:
    assert way(service, url)

    assert counted(capsys.readouterr().out) == []
    assert len(net.connections) <= 1
