"""What providers call back with: how it is known for theirs, and where it is kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCallback:
    job_id: JobId
    attempt: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCallback:
    """A kept callback with the moment it came; of one that was repeated, the last time."""

    callback: KeptCallback
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPage:
    callbacks: tuple[KeptCallback, ...]
    cursor: str | None


class CallbackArchive(Protocol):
    def keep(self, job_id: JobId, *, attempt: int, body: bytes) -> None: ...

    def page(self, *, job_id: JobId | None, cursor: str | None, limit: int) -> CallbackPage:
        """Return kept callbacks of one job, or of all, in the order of job ids.

        Raises InvalidRequest for a cursor that no page of theirs has given.
        """
        ...

    def newest(self, job_id: JobId, *, limit: int) -> tuple[DatedCallback, ...]:
        """Return the callbacks of a job that came last, the newest first."""
        ...

    def remove(self, job_id: JobId) -> None: ...
