"""Who holds an API key."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.domain.api_key import ApiKey, parse
from shared.domain.errors import Unauthenticated
from shared.domain.ids import KeyId
from shared.ports.keys import ApiKeys
from shared.ports.runtime import Clock

_REMEMBERED: Final = timedelta(seconds=60)


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
