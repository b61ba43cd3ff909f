"""API keys: issue, rotate and revoke them, and tell who holds one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.api_key import ANYTHING, ApiKey, IssuedKey, Terms, issue, parse
from shared.domain.errors import KeyNotFound, Unauthenticated, VersionConflict
from shared.domain.ids import KeyId
from shared.ports.keys import ApiKeys
from shared.ports.runtime import Clock, RandomBytes

_REMEMBERED: Final = timedelta(seconds=60)
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


class Authenticate:
    """Remembers a key for a minute, so that most requests read nothing."""

    def __init__(self, *, keys: ApiKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._seen: dict[KeyId, tuple[ApiKey, datetime]] = {}

    def __call__(self, bearer: str) -> ApiKey:
        """Return the key that the text opens. Raises Unauthenticated."""
        parsed = parse(bearer)
        if parsed is None:
            raise Unauthenticated("the key is not of the form sk_<id>_<secret>")
        key_id, secret = parsed
        now = self._clock.now()
        key = self._find(key_id, now, lambda known: known.opens_with(secret, now))
        if key is None or not key.opens_with(secret, now) or not key.is_valid_at(now):
            raise Unauthenticated("the key is unknown or no longer valid")
        return key

    def _find(
        self, key_id: KeyId, now: datetime, is_good: Callable[[ApiKey], bool]
    ) -> ApiKey | None:
        key, at = self._seen.get(key_id, (None, now))
        # One that does not open may have been rotated since.
        if key and now < at + _REMEMBERED and is_good(key):
            return key
        key = self._keys.find(key_id)
        if key:
            self._seen[key_id] = (key, now)
        return key


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
