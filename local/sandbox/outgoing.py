"""The only way out of the sandbox, and it leads to this machine."""

import ipaddress
import logging

import httpx

# Its lines at INFO carry whole URLs, and a callback URL is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


def open_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,  # a proxy would be another machine
        headers={"user-agent": "seedhook-sandbox"},
    )


def is_loopback(url: str) -> bool:
    parsed = _parsed(url)
    if parsed is None or parsed.host == "localhost":
        return parsed is not None
    try:
        return ipaddress.ip_address(parsed.host).is_loopback
    except ValueError:
        return False


def is_web(url: str) -> bool:
    parsed = _parsed(url)
    return parsed is not None and parsed.scheme in {"http", "https"} and bool(parsed.host)


def _parsed(url: str) -> httpx.URL | None:
    """Read a URL as the client will: two readers may disagree about the host."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
