"""Secrets, read when first needed and again after five minutes."""

import hashlib
import hmac
from typing import Any

from aws_lambda_powertools.utilities import parameters

from shared.domain.callback_token import CallbackKeys

_REMEMBERED_SECONDS = 300


class SecretCallbackKeys:
    """A secret `{"kid", "key"}`, with the one before it under `previous` during a rotation."""

    def __init__(self, *, secret: str) -> None:
        self._secret = secret

    def __call__(self) -> CallbackKeys:
        value = _json_secret(self._secret)
        generations = [value, *filter(None, [value.get("previous")])]
        return CallbackKeys(
            current=value["kid"],
            keys={one["kid"]: one["key"].encode() for one in generations},
        )


class AdminKeyCheck:
    def __init__(self, *, secret: str) -> None:
        self._secret = secret

    def __call__(self, presented: str) -> bool:
        expected = _json_secret(self._secret)["admin_key"]
        return hmac.compare_digest(_digest(presented), _digest(expected))


def provider_key(parameter: str) -> str:
    return parameters.get_parameter(parameter, decrypt=True, max_age=_REMEMBERED_SECONDS)


def public_url(parameter: str) -> str:
    return parameters.get_parameter(parameter, max_age=_REMEMBERED_SECONDS)


def _json_secret(name: str) -> dict[str, Any]:
    value: dict[str, Any] = parameters.get_secret(
        name, transform="json", max_age=_REMEMBERED_SECONDS
    )
    return value


def _digest(text: str) -> bytes:
    # What comes in a header may be half of a surrogate pair.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
