"""Secrets and parameters, read when first needed and again after some minutes.

Each is given the means to make a client, not a client: a process that needs none pays for none.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from shared.domain.callback_token import CallbackKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

_REMEMBERED_SECONDS: Final = 300


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
    """A parameter of the Parameter Store, decrypted."""

    def __init__(
        self,
        client: "Callable[[], SSMClient]",
        *,
        name: str,
        seconds: float = _REMEMBERED_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._name = name
        self._value = _Remembered(self._read, seconds=seconds, now=now)

    def __call__(self) -> str:
        return self._value()

    def _read(self) -> str:
        answer = self._client().get_parameter(Name=self._name, WithDecryption=True)
        return answer["Parameter"]["Value"]


class _JsonSecret:
    def __init__(
        self,
        client: "Callable[[], SecretsManagerClient]",
        *,
        secret: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._secret = secret
        self._text = _Remembered(self._read, seconds=_REMEMBERED_SECONDS, now=now)

    def _value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self._text())
        return value

    def _read(self) -> str:
        return self._client().get_secret_value(SecretId=self._secret)["SecretString"]


class SecretCallbackKeys(_JsonSecret):
    """A secret `{"kid", "key"}`, with the one before it under `previous` during a rotation."""

    def __call__(self) -> CallbackKeys:
        value = self._value()
        generations = [value, *filter(None, [value.get("previous")])]
        return CallbackKeys(
            current=value["kid"],
            keys={one["kid"]: one["key"].encode() for one in generations},
        )


class AdminKeyCheck(_JsonSecret):
    def __call__(self, presented: str) -> bool:
        expected = self._value()["admin_key"]
        return hmac.compare_digest(_digest(presented), _digest(expected))


def _digest(text: str) -> bytes:
    # What comes in a header may be half of a surrogate pair.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
