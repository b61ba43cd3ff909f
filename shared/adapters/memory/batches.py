"""Batches in memory, under the same rules as in the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.adapters.memory.table import MemoryJobStore
from shared.domain.batch import Batch
from shared.domain.errors import BatchNotFound, VersionConflict
from shared.domain.events import completion
from shared.domain.ids import BatchId
from shared.ports.jobs import Admission

_LISTED: Final = 100


class MemoryBatches:
    """Announces among the events of the job store, where the outbox finds them."""

    def __init__(self, jobs: MemoryJobStore) -> None:
        self._jobs = jobs
        self._announced = jobs.announced
        self._batches: dict[tuple[str, BatchId], Batch] = {}

    def add(self, batch: Batch, *, admission: Admission | None = None) -> None:
        if admission:
            self._refuse_known(admission, batch.created_at)
        if (batch.tenant, batch.id) in self._batches:
            raise VersionConflict(f"{batch.id} exists")
        if admission:
            self._jobs.admit(admission, owner=batch.id)
        self._batches[batch.tenant, batch.id] = batch

    def admit(self, admission: Admission, *, of: Batch, now: datetime) -> None:
        self._refuse_known(admission, now)
        self._jobs.admit(admission, owner=of.id)

    def _refuse_known(self, admission: Admission, now: datetime) -> None:
        known = self._jobs.admitted(admission.idempotency, now=now)
        if known:
            raise known

    def get(self, tenant: str, batch_id: BatchId) -> Batch:
        if (tenant, batch_id) not in self._batches:
            raise BatchNotFound(batch_id)
        return self._batches[tenant, batch_id]

    def save(self, batch: Batch, *, was: Batch) -> None:
        if self.get(was.tenant, was.id).version != was.version:
            raise VersionConflict(f"{was.id} is not at version {was.version}")
        self._batches[batch.tenant, batch.id] = batch
        event = completion(batch, was=was)
        if event:
            self._announced[event.id] = event

    def of_tenant(self, tenant: str) -> Sequence[Batch]:
        mine = [batch for batch in self._batches.values() if batch.tenant == tenant]
        return sorted(mine, key=lambda batch: batch.created_at, reverse=True)[:_LISTED]

    def due(self, *, before: datetime) -> Sequence[tuple[str, BatchId]]:
        return [
            (batch.tenant, batch.id)
            for batch in self._batches.values()
            if batch.due_at and batch.due_at <= before
        ]


class MemoryBatchQueue:
    def __init__(self) -> None:
        self.messages: list[tuple[str, BatchId]] = []

    def send(self, tenant: str, batch_id: BatchId) -> None:
        self.messages.append((tenant, batch_id))
