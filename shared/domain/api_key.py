"""API keys: `sk_{id}_{secret}`. Only a hash of the secret is kept."""

import hashlib
import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.ids import KeyId

_KEY: Final = re.compile(r"sk_([0-9a-z]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
KEY_ID_BYTES: Final = 8
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    id: KeyId
    tenant: str
    name: str
    secret_hash: str
    webhook_secret: str
    created_at: datetime

    def opens_with(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_hash.encode(), _hash(secret).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with the one sight of its text."""

    key: ApiKey
    text: str


def issue(*, tenant: str, name: str, at: datetime, randomness: bytes) -> IssuedKey:
    """Make a key from 72 random bytes."""
    key_id = KeyId(randomness[:KEY_ID_BYTES].hex())
    secret = urlsafe_b64encode(randomness[8:40]).rstrip(b"=").decode()
    key = ApiKey(
        id=key_id,
        tenant=tenant,
        name=name,
        secret_hash=_hash(secret),
        webhook_secret=f"whsec_{b64encode(randomness[40:72]).decode()}",
        created_at=at,
    )
    return IssuedKey(key=key, text=f"sk_{key_id}_{secret}")


def parse(text: str) -> tuple[KeyId, str] | None:
    """Return id and secret of a well-formed key, or None."""
    match = _KEY.fullmatch(text)
    return (KeyId(match[1]), match[2]) if match else None


def _hash(secret: str) -> str:
    # The secret has 256 random bits, so a plain fast hash cannot be searched.
    return hashlib.sha256(secret.encode()).hexdigest()
