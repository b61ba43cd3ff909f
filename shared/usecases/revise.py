"""Change a job whatever others write meanwhile: read, change, save, and again when beaten."""

from collections.abc import Callable

from shared.domain.errors import VersionConflict
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.ports.jobs import JobStore

_TRIES = 8


def revise(
    jobs: JobStore,
    job_id: JobId,
    change: Callable[[Job], Job | None],
    *,
    known: Job | None = None,
    limits: Limits = UNLIMITED,
) -> Job:
    """Apply a change to the job as it stands; None from `change` leaves it be.

    `known` spares the first read: the job as it was a moment ago. Should it be another by now,
    saving fails, and it is read.

    Returns the job as saved. Raises VersionConflict when others win every time.
    """
    for _ in range(_TRIES):
        job, known = known or jobs.get(job_id), None
        changed = change(job)
        if changed is None:
            return job
        try:
            jobs.save(changed, was=job, limits=limits)
        except VersionConflict:
            continue
        return changed
    raise VersionConflict(f"{job_id}: lost {_TRIES} times")
