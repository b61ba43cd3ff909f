"""Webhooks that Seedhook sent, verified by Standard Webhooks 1.0.

    from seedhook import SignatureInvalid, webhooks

    message_id = webhooks.verify(secret, headers=request.headers, body=request.body)

Verify the body byte for byte as it came, before reading it, and remember the message ids of the
last days: an event may come more than once, with the same id.
"""

import binascii
import hashlib
import hmac
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Final

from .errors import SignatureInvalid

__all__ = ["TOLERANCE_SECONDS", "SignatureInvalid", "verify"]

TOLERANCE_SECONDS: Final = 300
_PREFIX: Final = "whsec_"
_SHORTEST_KEY: Final = 24
_LONGEST_KEY: Final = 64
_TIMESTAMP: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


def verify(
    secret: str | Iterable[str],
    *,
    headers: Mapping[str, str],
    body: bytes,
    now: float | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> str:
    """Return the message's id, or raise SignatureInvalid whatever is wrong with it.

    Several secrets may be given, as during a rotation: one that signed is enough. What is no
    secret at all is not the sender's fault, and a ValueError. `now` is seconds since 1970.
    """
    keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = lowered["webhook-id"]
        written = lowered["webhook-timestamp"]
        presented = lowered["webhook-signature"].split()
    except KeyError as exc:
        raise SignatureInvalid("a header is missing") from exc
    if not _TIMESTAMP.fullmatch(written):
        raise SignatureInvalid("the timestamp is no number")
    # In whole seconds, as the sender's clock is told.
    if abs(int(time.time() if now is None else now) - int(written)) > tolerance:
        raise SignatureInvalid(f"the timestamp is more than {_words(tolerance)} off")
    signed = f"{message_id}.{int(written)}.".encode("utf-8", "surrogatepass") + body
    believed = [_has_signed(key, signed, presented) for key in keys]
    if not any(believed):
        raise SignatureInvalid("no signature matches" if keys else "there is no secret")
    return message_id


def _has_signed(key: bytes, signed: bytes, presented: Iterable[str]) -> bool:
    known = b"v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # As bytes: compare_digest raises on non-ASCII text, and a stranger may send any.
    matches = [hmac.compare_digest(known, one.encode("utf-8", "replace")) for one in presented]
    return any(matches)


def _key(secret: str) -> bytes:
    """Raises ValueError for what is no secret: an empty key would believe anybody."""
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("a webhook secret is whsec_ and base64") from exc
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(f"a webhook secret holds {_SHORTEST_KEY} to {_LONGEST_KEY} bytes")
    return key


def _words(seconds: float) -> str:
    return "five minutes" if seconds == TOLERANCE_SECONDS else f"{seconds:g} seconds"
