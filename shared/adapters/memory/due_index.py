"""What is due in memory, over all stores that have something due."""

from datetime import datetime

from shared.adapters.memory.table import MemoryJobStore, MemoryOutbox
from shared.ports.intake import Batches
from shared.ports.webhooks import Deliveries


class MemoryDueIndex:
    def __init__(self, jobs: MemoryJobStore, deliveries: Deliveries, batches: Batches) -> None:
        self._jobs = jobs
        self._outbox = MemoryOutbox(jobs)
        self._deliveries = deliveries
        self._batches = batches

    def is_clear(self, *, before: datetime) -> bool:
        return not (
            self._jobs.due(before=before, limit=1)
            or self._outbox.unpublished(before=before, limit=1)
            or self._deliveries.due(before=before, limit=1)
            or self._batches.due(before=before)
        )
