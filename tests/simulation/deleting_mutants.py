"""Planted bugs of deletion: what is left of a job, and what its key makes once more."""

from dataclasses import replace
from typing import Any, Final

from shared.adapters.memory.table import MemoryJobStore
from shared.adapters.memory.webhooks import MemoryDeliveries
from shared.domain.job import Job
from tests.simulation.mutant import Mutant, Original


def _leaves_no_tombstone(remove: Original) -> Any:
    def broken(self: MemoryJobStore, job: Job) -> None:
        """The answer stays under its key."""
        remove(self, replace(job, admission_key=None))

    return broken


def _forgets_the_key(remove: Original) -> Any:
    def broken(self: MemoryJobStore, job: Job) -> None:
        remove(self, job)
        if job.admission_key:
            del self._admissions[job.admission_key]

    return broken


def _plans_for_the_deleted(_: Original) -> Any:
    return lambda self, delivery: False


def _deliveries_stay(_: Original) -> Any:
    return lambda self, job: None


BROKEN_DELETING: Final = (
    Mutant("no tombstone", MemoryJobStore, "remove", _leaves_no_tombstone),
    Mutant("the key goes with its job", MemoryJobStore, "remove", _forgets_the_key),
    Mutant("deliveries stay", MemoryDeliveries, "remove_of", _deliveries_stay),
    Mutant(
        "plan for the deleted",
        MemoryDeliveries,
        "_is_closed",
        _plans_for_the_deleted,
        first_seed=1100,
    ),
)
