import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.addresses import (
    Origin,
    are_public,
    is_dns_name,
    is_loopback_place,
    origin_of,
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://example.com", ("https", "example.com", 443)),
        ("https://example.com:8443/a", ("https", "example.com", 8443)),
        ("HTTPS://Example.COM?x=1", ("https", "example.com", 443)),
        ("http://127.0.0.1:9000/bucket/key", ("http", "127.0.0.1", 9000)),
        ("http://example.com#top", ("http", "example.com", 80)),
        ("https://example.com:/", None),
        ("https://user@example.com/", None),
        ("https://@example.com/", None),
        ("https://example.com\\@other.example/", None),
        ("https://[::1]/", None),
        ("https:/example.com/", None),
        ("//example.com/", None),
        ("ftp://example.com/", None),
        ("https://example.com/\n", None),
        ("https://example.com/a b", None),
        ("https://ex\N{FULLWIDTH LATIN SMALL LETTER A}mple.com/", None),
        ("https://example.\N{KELVIN SIGN}om/", None),
        ("http\N{LATIN SMALL LETTER LONG S}://example.com/", None),
        ("https://example.com/" + "a" * 8192, None),
    ],
)
def test_a_url_leads_to_one_origin_or_is_not_understood(
    url: str, origin: tuple[str, str, int] | None
) -> None:
    assert origin_of(url) == (origin and Origin(*origin))


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "a.b",
        "xn--bcher-kva.example",
        "bucket.s3.eu-central-1.amazonaws.com",
        "1.2.3.4.example",
        "0x7f.example",
        "a--b.example",
        "a" * 63 + ".example",
        "example.xn--p1ai",
        ".".join(["a" * 49] * 5) + ".com",
    ],
)
def test_a_dns_name_has_labels_and_ends_in_a_letter_label(name: str) -> None:
    assert is_dns_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "localhost",
        "com",
        "example.com.",
        ".example.com",
        "a..example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "example.com\n",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0x1",
        "0177.0.0.0x1",
        "8.8.8.0x8",
        "example.1com",
        "a" * 64 + ".example",
        ".".join(["a" * 49] * 5) + ".info",
        "\N{ARABIC-INDIC DIGIT ONE}.example",
        "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example",
    ],
)
def test_anything_a_resolver_may_read_otherwise_is_no_dns_name(name: str) -> None:
    assert not is_dns_name(name)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "172.32.0.1", "223.255.255.254"],
)
def test_an_address_everyone_can_reach_is_public(address: str) -> None:
    assert are_public([address])


DENIED = [
    "0.0.0.0",  # noqa: S104  an address to refuse, not one to listen on
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", DENIED)
def test_one_address_that_is_not_public_spoils_the_answer(address: str) -> None:
    assert not are_public([address])
    assert not are_public(["1.1.1.1", address])
    assert not are_public([address, "1.1.1.1"])


@pytest.mark.parametrize(
    "address",
    ["", "::1", "::ffff:127.0.0.1", "2606:4700:4700::1111", "fd00:ec2::254", "1.1.1", "01.1.1.1"],
)
def test_what_is_not_a_plain_ipv4_address_is_not_public(address: str) -> None:
    assert not are_public([address])


@given(st.ip_addresses(v=4))
def test_no_address_is_public_that_the_standard_library_calls_private(
    address: ipaddress.IPv4Address,
) -> None:
    if are_public([str(address)]):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@pytest.mark.parametrize(
    ("place", "loopback"),
    [
        ("127.0.0.1:9000", True),
        ("localhost:1", True),
        ("127.0.0.1", False),
        ("127.0.0.1:0", False),
        ("127.0.0.2:80", False),
        ("10.0.0.1:80", False),
        ("localhost.example.com:80", False),
        ("example.com:443", False),
        ("127.0.0.1:80\n", False),
        ("*:80", False),
    ],
)
def test_a_loopback_place_can_only_mean_this_machine(place: str, *, loopback: bool) -> None:
    assert is_loopback_place(place) is loopback
