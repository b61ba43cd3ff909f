"""The capability in a callback URL: who holds it may say that one attempt has moved.

A token is `{kid}.{exp}.{mac}`; the MAC covers provider, job, attempt and expiry. It proves that we
made the URL, nothing more: what happened is asked of the provider.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.ids import JobId

_TOKEN: Final = re.compile(r"([a-z0-9]{1,16})\.([0-9]{10})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTarget:
    """What a callback URL is about."""

    provider: str
    job_id: JobId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackKeys:
    """The keys that verify; `current` is the id of the one that signs."""

    current: str
    keys: Mapping[str, bytes]


def sign(target: CallbackTarget, *, keys: CallbackKeys, expires: datetime) -> str:
    kid, expiry = keys.current, int(expires.timestamp())
    return f"{kid}.{expiry}.{_mac(keys.keys[kid], target, expiry)}"


def is_genuine(token: str, target: CallbackTarget, *, keys: CallbackKeys, now: datetime) -> bool:
    """Tell whether we made this token for this target and it has not expired. Never raises."""
    match = _TOKEN.fullmatch(token)
    if not match:
        return False
    kid, expiry, presented = match[1], int(match[2]), match[3]
    key = keys.keys.get(kid)
    if key is None:
        return False
    # As bytes: compare_digest raises on non-ASCII text.
    expected = _mac(key, target, expiry).encode()
    return hmac.compare_digest(expected, presented.encode()) and now.timestamp() < expiry


def _mac(key: bytes, target: CallbackTarget, expiry: int) -> str:
    parts = ("cb1", target.provider, target.job_id, str(target.attempt), str(expiry))
    digest = hmac.new(
        key, "\0".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256
    ).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
