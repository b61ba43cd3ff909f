"""The watch's memory while it holds the lease: whom it asked when, and what it has heard."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import JobId, TaskId
from shared.ports.jobs import DueJob

HANDED_ON_LIFE: Final = timedelta(seconds=30)
# An event may overtake the index that tells whose it is.
_HEARD_LIFE: Final = timedelta(seconds=60)


@dataclass(slots=True)
class Pace:
    not_before: dict[JobId, datetime] = field(default_factory=dict)
    ask_at: dict[str, datetime] = field(default_factory=dict)  # by provider
    handed_on: dict[JobId, tuple[frozenset[TaskId], datetime]] = field(default_factory=dict)
    heard: dict[TaskId, datetime] = field(default_factory=dict)

    def is_due(self, job: DueJob, now: datetime) -> bool:
        return job.due_at <= now and self.not_before.get(job.id, now) <= now

    def may_ask(self, provider: str, jobs: Iterable[DueJob], now: datetime) -> bool:
        """Tell whether it is a provider's turn; if not, all of the jobs wait for that together.

        Jobs come due each at a moment of its own. Asked about one by one, a provider would hear
        of as many questions in an interval as there are looks.
        """
        turn = self.ask_at.get(provider, now)
        if turn > now:
            self.not_before |= {job.id: turn for job in jobs}
        return turn <= now

    def hand_on(self, job_id: JobId, finished: frozenset[TaskId], now: datetime) -> bool:
        """Tell whether to hand the job on: something new finished, or the last time was lost."""
        before, at = self.handed_on.get(job_id, (frozenset(), now - HANDED_ON_LIFE))
        if finished <= before and now < at + HANDED_ON_LIFE:
            return False
        self.handed_on[job_id] = (finished | before, now)
        return True

    def hear(self, ended: Iterable[TaskId], now: datetime) -> None:
        self.heard = {t: at for t, at in self.heard.items() if at > now - _HEARD_LIFE}
        self.heard |= dict.fromkeys(ended, now)

    def ask_at_once(self, jobs: Iterable[DueJob]) -> None:
        self.ask_at.clear()
        for job in jobs:
            self.not_before.pop(job.id, None)

    def forget_all_but(self, jobs: Collection[DueJob]) -> None:
        ids = {job.id for job in jobs}
        self.not_before = {key: at for key, at in self.not_before.items() if key in ids}
        self.handed_on = {key: at for key, at in self.handed_on.items() if key in ids}
