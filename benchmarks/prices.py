"""What the counted work costs: list prices of AWS in us-east-1, November 2026, in dollars.

Nothing free is taken off but for Lambda's and SQS's monthly free tiers in an idle month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PER_GB_SECOND: Final = 0.0000133334  # Lambda on arm64
PER_INVOCATION: Final = 0.20 / 1_000_000
PER_API_REQUEST: Final = 1.00 / 1_000_000
PER_WRITE_UNIT: Final = 0.625 / 1_000_000
PER_READ_UNIT: Final = 0.125 / 1_000_000
PER_PUT: Final = 0.005 / 1_000  # copies and parts too
PER_GET: Final = 0.0004 / 1_000
PER_MESSAGE: Final = 0.40 / 1_000_000
PER_EVENT: Final = 1.00 / 1_000_000  # S3's own too: they are an opt-in

# A queue that feeds a function is polled by five pollers, each for 20 s at a time.
POLLS: Final = 5 * 3 * 60 * 24 * 30
FREE_MESSAGES: Final = 1_000_000
STARTS: Final = 60 * 24 * 30  # of the watch, by its schedule
_MESSAGE_CALLS: Final = 3  # sent, received, deleted


@dataclass(frozen=True, slots=True)
class Units:
    """What one job takes of each priced thing, in the order of the table in docs/cost.md."""

    api_requests: float
    invocations: float
    gb_seconds: float
    write_units: float
    read_units: float
    puts: float
    gets: float
    messages: float
    events: float

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Units":
        """Read a row of that table, without its name and its dollars."""
        return cls(*map(float, cells))

    def dollars_per_thousand(self) -> float:
        return 1000 * (
            self.api_requests * PER_API_REQUEST
            + self.invocations * PER_INVOCATION
            + self.gb_seconds * PER_GB_SECOND
            + self.write_units * PER_WRITE_UNIT
            + self.read_units * PER_READ_UNIT
            + self.puts * PER_PUT
            + self.gets * PER_GET
            + self.messages * _MESSAGE_CALLS * PER_MESSAGE
            + self.events * PER_EVENT
        )


def idle_month(*, queues: int, reads: float, writes: float) -> dict[str, float]:
    """Return the dollars of a month without jobs; `reads` and `writes` are units of one start."""
    polls = max(0, POLLS * queues - FREE_MESSAGES)
    return {
        "queues": polls * PER_MESSAGE,
        "table": STARTS * (reads * PER_READ_UNIT + writes * PER_WRITE_UNIT),
    }
