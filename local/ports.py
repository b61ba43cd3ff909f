"""Loopback addresses: ports that are free, and how an origin is written."""

import socket
from urllib.parse import urlsplit

from local.errors import UsageError

LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def listening_socket(port: int) -> socket.socket:
    """Bind a loopback port (0 = any free one) now, so that its number is known before serving."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as exc:
        listener.close()
        raise UsageError(f"port {port} is in use; choose another with --port") from exc
    return listener


def free_port(preferred: int | None = None) -> int:
    """Return the preferred port while nobody holds it, else any free one."""
    for candidate in (preferred, 0):
        if candidate is None:
            continue
        try:
            with listening_socket(candidate) as listener:
                return int(listener.getsockname()[1])
        except UsageError:
            continue
    raise UsageError("no free port on the loopback interface")


def check_origin(host_and_port: str) -> None:
    host, _, port = host_and_port.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        raise UsageError(f"{host_and_port!r} is not HOST:PORT")


def loopback_origin(url: str) -> str | None:
    """Return the URL's host:port when it lies on this machine."""
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK_NAMES:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)}"
