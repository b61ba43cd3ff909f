"""Parameters, secret or not, read when first needed and again after some minutes.

Each is given the means to make a client, not a client: a process that needs none pays for none.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from shared.domain.callback_token import CallbackKeys

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_REMEMBERED_SECONDS: Final = 300


class SecretMissing(Exception):
    """Nobody has put the parameter there."""


class _Remembered:
    """A value and when it was read, by the clock on the wall: Lambda freezes the other one."""

    def __init__(
        self, read: Callable[[], str], *, seconds: float, now: Callable[[], float]
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._now = now
        self._known: tuple[str, float] | None = None

    def __call__(self) -> str:
        now = self._now()
        if self._known is None or not 0 <= now - self._known[1] < self._seconds:
            self._known = self._read(), now
        return self._known[0]


class Parameter:
    """A parameter of the Parameter Store, decrypted. Raises SecretMissing when there is none.

    With `first` there is one from the first reading on: it makes the value, unless another process
    is quicker. What is made is a SecureString under the account's own key.
    """

    def __init__(
        self,
        client: "Callable[[], SSMClient]",
        *,
        name: str,
        first: Callable[[], str] | None = None,
        seconds: float = _REMEMBERED_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._name = name
        self._first = first
        self._value = _Remembered(self._read, seconds=seconds, now=now)

    def __call__(self) -> str:
        return self._value()

    def _read(self) -> str:
        try:
            return self._get()
        except SecretMissing:
            if self._first is None:
                raise
            return self._put(self._first())

    def _get(self) -> str:
        client = self._client()
        try:
            answer = client.get_parameter(Name=self._name, WithDecryption=True)
        except client.exceptions.ParameterNotFound:
            raise SecretMissing(f"there is no parameter {self._name}") from None
        return answer["Parameter"]["Value"]

    def _put(self, value: str) -> str:
        client = self._client()
        try:
            client.put_parameter(Name=self._name, Value=value, Type="SecureString")
        except client.exceptions.ParameterAlreadyExists:
            return self._get()
        return value


def new_callback_keys() -> str:
    """Make what CallbackKeyRing reads: one key, 256 bits of chance."""
    return json.dumps({"kid": "k1", "key": secrets.token_hex(32)})


class CallbackKeyRing:
    """The keys in a text `{"kid", "key"}`: it signs; a second one under `other` opens too.

    Without a text there are no keys: then nothing has been signed, and nothing is genuine.
    """

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def __call__(self) -> CallbackKeys:
        try:
            value = json.loads(self._text())
        except SecretMissing:
            return CallbackKeys(current="", keys={})
        both = [value, *filter(None, [value.get("other")])]
        return CallbackKeys(
            current=value["kid"],
            keys={one["kid"]: one["key"].encode() for one in both},
        )


class AdminKeyCheck:
    """Knows the admin key; without one in the store it knows none."""

    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key

    def __call__(self, presented: str) -> bool:
        try:
            expected = self._key()
        except SecretMissing:
            return False
        return hmac.compare_digest(_digest(presented), _digest(expected))


def _digest(text: str) -> bytes:
    # What comes in a header may be half of a surrogate pair.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
