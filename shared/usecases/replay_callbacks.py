"""Hand kept callbacks on once more: after an outage, or to rebuild what was not written down."""

from dataclasses import dataclass
from typing import Final

from shared.domain.ids import JobId
from shared.ports.callbacks import CallbackArchive
from shared.ports.messages import Queue
from shared.usecases.accept_callback import task_hint

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    count: int
    cursor: str | None  # goes on from here; None when that was all


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayCallbacks:
    """Harmless however often: a callback is a hint, and what is done stays as it is."""

    archive: CallbackArchive
    collect_queue: Queue

    def __call__(self, *, job_id: JobId | None = None, cursor: str | None = None) -> Replayed:
        page = self.archive.page(job_id=job_id, cursor=cursor, limit=_AT_ONCE)
        for kept in page.callbacks:
            self.collect_queue.send(kept.job_id, hint=task_hint(kept.attempt, kept.body))
        return Replayed(count=len(page.callbacks), cursor=page.cursor)
