"""Results whose links are dead: some for ever, some until later that day."""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.domain.job import Job
from shared.domain.status import ATTEMPT_PATIENCE, FETCH_PATIENCE
from tests.memory_service import NOW
from tests.simulation.agenda import Agenda
from tests.simulation.effects import Violation

if TYPE_CHECKING:
    from tests.simulation.world import World

_RATES: Final = (0.0, 0.0, 0.0, 0.3)
_FOR_EVER: Final = timedelta(days=1000)
_AWAY: Final = (
    _FOR_EVER,
    _FOR_EVER,
    *(timedelta(minutes=minutes) for minutes in (2, 4, 20, 120, 600, 900)),
)
# What lost looks and messages that come again may add; a heavy storm holds jobs up until its end.
_SLACK: Final = timedelta(hours=1)
_STORM: Final = timedelta(hours=6)
_MILD: Final = 0.05
# As the contract says it, whatever the code has been made to believe.
_ENDS_WITHIN: Final = FETCH_PATIENCE


class LostResults:
    """Draws of its own chance, by the link: whoever asks, and however often, hears the same."""

    def __init__(self, agenda: Agenda, *, seed: int, loses: bool) -> None:
        self._agenda = agenda
        self._seed = seed
        chance = random.Random(seed + 5)  # noqa: S311  # a seed must replay
        self._rate = chance.choice(_RATES) if loses else 0.0
        self._made_at = agenda.now()

    def is_away(self, url: str) -> bool:
        return self._agenda.now() < self._made_at + self._away(url)

    def is_lost(self, url: str) -> bool:
        return self._away(url) == _FOR_EVER

    def _away(self, url: str) -> timedelta:
        if not self._rate:
            return timedelta(0)
        chance = random.Random(f"{self._seed} {url}")  # noqa: S311  # a seed must replay
        return chance.choice(_AWAY) if chance.random() < self._rate else timedelta(0)


def no_job_waits_for_what_is_gone(world: "World") -> None:
    """Raise Violation where a job went on waiting for an image that nobody could fetch."""
    held_up = NOW if world.effects.plan.rate <= _MILD else NOW + _STORM
    for job in world.store.all():
        if len(job.attempts) != 1 or any(entry.note == "retry" for entry in job.timeline):
            continue
        limit = _wait_of(job)
        if limit and job.completed_at and job.completed_at > max(limit, held_up) + _SLACK:
            raise Violation(f"{job.id} was open until {job.completed_at}, not just {limit}")


def _wait_of(job: Job) -> datetime | None:
    """Return until when one of its submissions may have been waited for; None if any is unsent."""
    ends = [
        one.unstored_since + _ENDS_WITHIN if one.unstored_since else one.sent_at + ATTEMPT_PATIENCE
        for one in job.submissions
        if one.sent_at
    ]
    return max(ends) if ends and len(ends) == len(job.submissions) else None
