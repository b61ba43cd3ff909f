"""API keys: issue one, and tell who holds one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.api_key import ApiKey, IssuedKey, issue, parse
from shared.domain.errors import Unauthenticated
from shared.domain.ids import KeyId
from shared.ports import ApiKeys, Clock, RandomBytes

_REMEMBERED: Final = timedelta(seconds=60)
_RANDOM: Final = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKey:
    keys: ApiKeys
    clock: Clock
    random_bytes: RandomBytes

    def __call__(self, *, tenant: str, name: str) -> IssuedKey:
        issued = issue(
            tenant=tenant, name=name, at=self.clock.now(), randomness=self.random_bytes(_RANDOM)
        )
        self.keys.add(issued.key)
        return issued


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
        key = self._find(key_id)
        if key is None or not key.opens_with(secret):
            raise Unauthenticated("the key is unknown or no longer valid")
        return key

    def _find(self, key_id: KeyId) -> ApiKey | None:
        now = self._clock.now()
        key, at = self._seen.get(key_id, (None, now))
        if key and now < at + _REMEMBERED:
            return key
        key = self._keys.find(key_id)
        if key:
            self._seen[key_id] = (key, now)
        return key
