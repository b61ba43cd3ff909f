"""The time of day, in the units the providers use."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unix_seconds() -> int:
    return int(time.time())


def unix_milliseconds() -> int:
    return time.time_ns() // 1_000_000
