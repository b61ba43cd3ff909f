"""Wait for a job to be over, as long as the caller's connection lasts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.job import Job
from shared.ports.jobs import JobStore
from shared.ports.runtime import Clock

PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitEnd:
    jobs: JobStore
    clock: Clock

    def __call__(self, job: Job, *, until: datetime) -> Job:
        """Return the job as soon as it is over, else as it is at `until`."""
        latest = self.jobs.get(job.id)
        while not latest.is_terminal and (left := self._left(until)) > 0:
            self.clock.sleep(min(PAUSE_SECONDS, left))
            latest = self.jobs.get(job.id)
        return latest

    def _left(self, until: datetime) -> float:
        return (until - self.clock.now()).total_seconds()
