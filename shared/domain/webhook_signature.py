"""Standard Webhooks 1.0: how what we send is signed, and how a receiver checks it.

`v1` is HMAC-SHA256 over `id.timestamp.body`, keyed by what a `whsec_` secret holds in base64.
Source: the specification at github.com/standard-webhooks/standard-webhooks.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE_SECONDS: Final = 300
_SHORTEST_KEY: Final = 24
_LONGEST_KEY: Final = 64
_TIMESTAMP: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


class SignatureInvalid(Exception):
    """Not from who holds the secret, not what was signed, or not now."""


def secret_of(randomness: bytes) -> str:
    """Write a key down as a receiver gets it."""
    return PREFIX + b64encode(randomness).decode()


def signed_headers(
    secrets: Iterable[str], *, message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the three headers; one signature for each secret that is alive."""
    timestamp = int(at.timestamp())
    signatures = [
        f"v1,{_mac(secret, message_id=message_id, timestamp=timestamp, body=body)}"
        for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(secret: str, *, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Return the message's id, or raise SignatureInvalid whatever is wrong."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = lowered["webhook-id"]
        written = lowered["webhook-timestamp"]
        presented = lowered["webhook-signature"].split()
    except KeyError as exc:
        raise SignatureInvalid("a header is missing") from exc
    if not _TIMESTAMP.fullmatch(written):
        raise SignatureInvalid("the timestamp is no number")
    timestamp = int(written)
    if abs(int(now.timestamp()) - timestamp) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the timestamp is more than five minutes off")
    expected = "v1," + _mac(secret, message_id=message_id, timestamp=timestamp, body=body)
    # As bytes: compare_digest raises on non-ASCII text, and a stranger may send any.
    known = expected.encode()
    matches = [hmac.compare_digest(known, one.encode("utf-8", "replace")) for one in presented]
    if not any(matches):
        raise SignatureInvalid("no signature matches")
    return message_id


def _mac(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    """Raises ValueError for what is no secret: an empty key would sign for anybody."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("a webhook secret is whsec_ and base64") from exc
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(f"a webhook secret holds {_SHORTEST_KEY} to {_LONGEST_KEY} bytes")
    return key
