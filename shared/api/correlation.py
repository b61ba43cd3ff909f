"""What ties the lines of one request together: the id that a problem document tells the caller."""

from collections.abc import Mapping
from typing import Any


def request_id_of(event: Mapping[str, Any]) -> str:
    request_id: str = event.get("requestContext", {}).get("requestId", "")
    return request_id
