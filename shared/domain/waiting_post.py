"""A post that waits for its job: what keeps a repeated post from paying for a second one.

Programs that get no answer in time repeat their post, mostly without saying so. Each post therefore
holds its job until it has answered. A job that nobody holds and nobody was answered is parked: the
next identical post takes it up.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from shared.domain.ids import JobId

PARKED_TTL: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPost:
    """One unanswered job of a request, and the post that holds it."""

    request: str  # digest of API key, path and decoded content
    job_id: JobId
    holder: str  # random name of the post
    since: datetime  # when that post began to wait
    until: datetime  # its lease
    released: bool = False  # the post ended its lease itself

    def is_held(self, now: datetime) -> bool:
        return not self.released and now < self.until

    def is_parked(self, now: datetime) -> bool:
        return not self.is_held(now) and now < self.expires_at

    @property
    def expires_at(self) -> datetime:
        return self.until + PARKED_TTL

    def held_by(self, holder: str, *, since: datetime, until: datetime) -> Self:
        return replace(self, holder=holder, since=since, until=until, released=False)

    def given_up(self, at: datetime) -> Self:
        return replace(self, until=at, released=True)
