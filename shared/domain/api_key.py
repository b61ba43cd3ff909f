"""API keys: `sk_{id}_{secret}`. Only a hash of the secret is kept, and what its holder may do."""

import hashlib
import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

from shared.domain.errors import FieldError, ModelNotAllowed
from shared.domain.ids import KeyId
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.retention import KEPT, Retention

_KEY: Final = re.compile(r"sk_([0-9a-z]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
KEY_ID_BYTES: Final = 8
SECRET_BYTES: Final = 32
# For so long the secret before goes on opening, so that its holders can be given the new one.
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSecret:
    secret_hash: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the holder of a key may do."""

    limits: Limits = UNLIMITED
    models: tuple[str, ...] = ()  # empty: all
    # Names that programs of OpenAI's image API use, and the models that they stand for here.
    model_aliases: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    retention: Retention = KEPT  # of jobs that say nothing else

    def model_named(self, name: str) -> str:
        return self.model_aliases.get(name, name)

    def allow(self, model: str) -> bool:
        return not self.models or model in self.models

    def check_model(self, model: str) -> None:
        """Raises ModelNotAllowed."""
        if not self.allow(model):
            message = f"this key is for {', '.join(self.models)}, not for {model}"
            error = FieldError(pointer="/model", code="forbidden", message=message)
            raise ModelNotAllowed([error])


ANYTHING: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    id: KeyId
    tenant: str
    name: str
    secret_hash: str
    webhook_secret: str
    created_at: datetime
    terms: Terms = ANYTHING
    revoked_at: datetime | None = None
    old_secret: OldSecret | None = None
    version: int = 1

    def opens_with(self, secret: str, at: datetime) -> bool:
        """Whether this is its secret, or the one before while that still opens."""
        given = _hash(secret).encode()
        is_new = hmac.compare_digest(self.secret_hash.encode(), given)
        old = self.old_secret
        is_old = hmac.compare_digest((old.secret_hash if old else "").encode(), given)
        return is_new or (is_old and old is not None and at < old.until)

    def is_valid_at(self, at: datetime) -> bool:
        expires_at = self.terms.expires_at
        return self.revoked_at is None and (expires_at is None or at < expires_at)

    def rotated(self, randomness: bytes, at: datetime) -> "IssuedKey":
        """Give it a new secret from 32 random bytes; the one before opens for a day more."""
        secret = _secret(randomness)
        old = OldSecret(secret_hash=self.secret_hash, until=at + OVERLAP)
        key = replace(self, secret_hash=_hash(secret), old_secret=old, version=self.version + 1)
        return IssuedKey(key=key, text=f"sk_{self.id}_{secret}")

    def revoked(self, at: datetime) -> Self:
        return replace(self, revoked_at=at, version=self.version + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with the one sight of its text."""

    key: ApiKey
    text: str


def issue(
    *, tenant: str, name: str, at: datetime, randomness: bytes, terms: Terms = ANYTHING
) -> IssuedKey:
    """Make a key from 72 random bytes."""
    key_id = KeyId(randomness[:KEY_ID_BYTES].hex())
    secret = _secret(randomness[8:40])
    key = ApiKey(
        id=key_id,
        tenant=tenant,
        name=name,
        secret_hash=_hash(secret),
        webhook_secret=f"whsec_{b64encode(randomness[40:72]).decode()}",
        created_at=at,
        terms=terms,
    )
    return IssuedKey(key=key, text=f"sk_{key_id}_{secret}")


def parse(text: str) -> tuple[KeyId, str] | None:
    """Return id and secret of a well-formed key, or None."""
    match = _KEY.fullmatch(text)
    return (KeyId(match[1]), match[2]) if match else None


def _secret(randomness: bytes) -> str:
    return urlsafe_b64encode(randomness).rstrip(b"=").decode()


def _hash(secret: str) -> str:
    # The secret has 256 random bits, so a plain fast hash cannot be searched.
    return hashlib.sha256(secret.encode()).hexdigest()
