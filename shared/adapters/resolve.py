"""From a host's name to its addresses."""

import socket
from collections.abc import Callable, Sequence

type Resolve = Callable[[str], Sequence[str]]


def resolve_ipv4(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
