"""Change a job whatever others write meanwhile: read, change, save, and again when beaten."""

from collections.abc import Callable

from shared.domain.errors import VersionConflict
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.ports import JobStore

_TRIES = 8


def revise(
    jobs: JobStore,
    job_id: JobId,
    change: Callable[[Job], Job | None],
    *,
    limits: Limits = UNLIMITED,
) -> Job:
    """Apply a change to the job as it stands; None from `change` leaves it be.

    Returns the job as saved. Raises VersionConflict when others win every time.
    """
    for _ in range(_TRIES):
        job = jobs.get(job_id)
        changed = change(job)
        if changed is None:
            return job
        try:
            jobs.save(changed, was=job, limits=limits)
        except VersionConflict:
            continue
        return changed
    raise VersionConflict(f"{job_id}: lost {_TRIES} times")
