"""The addresses that a webhook may have."""

from typing import Final

from shared.domain.errors import FieldError, InvalidRequest
from shared.ports.addresses import MayReach

_URL_RULE: Final = "must be https, with a DNS name as its host, on port 443, without a password"


def check_url(url: str, *, pointer: str, may_reach: MayReach) -> None:
    """Raises InvalidRequest, naming the field, for an address that no webhook may have."""
    if not may_reach(url):
        raise InvalidRequest([FieldError(pointer=pointer, code="invalid_url", message=_URL_RULE)])
