"""What became of something that came in by an event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from shared.domain.api_key import ApiKey
from shared.domain.errors import ComeBackLater
from shared.domain.job import Job
from shared.usecases.admit_job import Wish

# The longest that a queue keeps a message back.
_LONGEST_WAIT: Final = timedelta(minutes=15)
# Of what has waited long already the next look comes later: many wait for few places.
_OF_ITS_AGE: Final = 8

type ReadWish = Callable[[bytes], Wish]
type FindKey = Callable[[], ApiKey | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job, a wait of so many seconds, a refusal, or nothing at all."""

    job: Job | None = None
    wait_seconds: int = 0
    refused: str = ""

    @classmethod
    def later(cls, error: ComeBackLater, *, came: datetime, now: datetime) -> Self:
        """Wait until its key's limits let it in; however long that takes, it is not lost."""
        wait = max(timedelta(seconds=error.retry_after_seconds), (now - came) / _OF_ITS_AGE)
        return cls(wait_seconds=int(min(wait, _LONGEST_WAIT).total_seconds()))
