"""API keys: issue, rotate and revoke them."""

from dataclasses import dataclass
from typing import Final

from shared.domain.api_key import ANYTHING, ApiKey, IssuedKey, Terms, issue
from shared.domain.errors import KeyNotFound, VersionConflict
from shared.domain.ids import KeyId
from shared.ports.keys import ApiKeys
from shared.ports.runtime import Clock, RandomBytes

_RANDOM: Final = 72
_SECRET: Final = 32
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKey:
    keys: ApiKeys
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, *, tenant: str, name: str, terms: Terms = ANYTHING) -> IssuedKey:
        issued = issue(
            tenant=tenant,
            name=name,
            at=self.clock.now(),
            randomness=self.random_bytes(_RANDOM),
            terms=terms,
        )
        self.keys.add(issued.key)
        return issued


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey:
    """Gives a key a new secret; the one before opens for another day."""

    keys: ApiKeys
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, key_id: KeyId) -> IssuedKey:
        """Raises KeyNotFound, also for a key that was revoked."""
        for _ in range(_TRIES):
            key = _existing(self.keys, key_id)
            if key.revoked_at:
                raise KeyNotFound(f"key {key_id} has been revoked")
            issued = key.rotated(self.random_bytes(_SECRET), self.clock.now())
            if _is_saved(self.keys, issued.key, was=key):
                return issued
        raise VersionConflict(f"key {key_id} keeps moving")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey:
    """Ends a key; whoever remembers it forgets it within a minute. Once is as good as twice."""

    keys: ApiKeys
    clock: Clock

    def __call__(self, key_id: KeyId) -> None:
        """Raises KeyNotFound."""
        for _ in range(_TRIES):
            key = _existing(self.keys, key_id)
            if key.revoked_at or _is_saved(self.keys, key.revoked(self.clock.now()), was=key):
                return
        raise VersionConflict(f"key {key_id} keeps moving")


def _existing(keys: ApiKeys, key_id: KeyId) -> ApiKey:
    key = keys.find(key_id)
    if key is None:
        raise KeyNotFound(f"there is no key {key_id}")
    return key


def _is_saved(keys: ApiKeys, key: ApiKey, *, was: ApiKey) -> bool:
    try:
        keys.save(key, was=was)
    except VersionConflict:
        return False
    return True
