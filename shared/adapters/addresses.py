"""Which URLs may be followed and which addresses connected to. Pure rules, no I/O.

Only what is plainly public passes: an https URL with a DNS name, whose addresses are all IPv4 and
all reachable by everyone. IPv6 is left out on purpose, because its many ways of carrying an IPv4
address inside (mapped, 6to4, NAT64, Teredo) then need no rules.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final, NamedTuple

# Narrower than any standard, so that no two parsers can disagree about where a URL leads: no user
# info, no brackets, no escapes, no backslash, nothing outside printable ASCII.
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?#][!-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_URL: Final = 8192
_LONGEST_NAME: Final = 253  # RFC 1035, without the root's dot
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# The last label starts with a letter: resolvers read 0x7f.1 and 0177.0x1 as addresses.
_DNS_NAME: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_LOOPBACK: Final = re.compile(r"(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4}")

# ipaddress calls some of these global, and which ones depends on the Python version.
_DENIED: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host agent inside every Azure machine
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


def origin_of(url: str) -> Origin | None:
    """Return where the URL leads, or None if that could be read in more than one way."""
    match = _URL.fullmatch(url)
    if match is None or len(url) > _LONGEST_URL:
        return None
    scheme = match["scheme"].lower()
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme]
    return Origin(scheme, match["host"].lower(), port)


def is_dns_name(host: str) -> bool:
    return len(host) <= _LONGEST_NAME and _DNS_NAME.fullmatch(host) is not None


def is_loopback_place(place: str) -> bool:
    """Tell whether a `host:port` can only ever mean this machine."""
    return _LOOPBACK.fullmatch(place) is not None


def are_public(addresses: Iterable[str]) -> bool:
    """Tell whether every one is public: one bad answer among good ones is how rebinding starts."""
    return all(map(_is_public, addresses))


def _is_public(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    return address.is_global and not any(address in network for network in _DENIED)
