"""How long an answer may take: counted from when the gateway got the request."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

LONGEST_WAIT: Final = 25  # seconds
ANSWER_WITHIN: Final = timedelta(seconds=27)  # the gateway itself gives up after 30
_WAIT: Final = re.compile(r"(?ai)(?:^|[,;])\s*wait\s*=\s*([0-9]{1,9})\s*(?=$|[,;])")


def came_at(event: Mapping[str, Any], now: datetime) -> datetime:
    """Return the gateway's own time stamp: before it got here a request may have waited."""
    stamp = event.get("requestContext", {}).get("timeEpoch")
    if not isinstance(stamp, int):
        return now
    came = datetime.fromtimestamp(stamp / 1000, UTC)
    # Another clock than ours: what it says is used only where it makes sense.
    return came if now - ANSWER_WITHIN < came < now else now


def preferred_wait(header: str | None) -> int | None:
    """Return what a Prefer header (RFC 7240) asks to wait; what cannot be met is left out."""
    asked = _WAIT.search(header or "")
    return min(int(asked[1]), LONGEST_WAIT) if asked else None
