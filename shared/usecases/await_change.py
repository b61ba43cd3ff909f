"""Wait a while for a job to move."""

from dataclasses import dataclass
from typing import Final

from shared.domain.job import Job
from shared.ports.jobs import JobStore
from shared.ports.runtime import Clock

_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitChange:
    jobs: JobStore
    clock: Clock

    def __call__(self, job: Job, *, seconds: float) -> Job:
        """Return the job as soon as it is no longer as given, at the latest after `seconds`."""
        latest, waited = job, 0.0
        while waited < seconds and latest.version == job.version and not latest.is_terminal:
            pause = min(_PAUSE_SECONDS, seconds - waited)
            self.clock.sleep(pause)
            waited += pause
            latest = self.jobs.get(job.id)
        return latest
