"""Jobs that come as files: pictures dropped into a folder, and batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.batch import Batch
from shared.domain.ids import BatchId
from shared.ports.jobs import Admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """An object in the uploads bucket."""

    version_id: str | None
    bytes: int
    metadata: Mapping[str, str]  # names in lower case
    at: datetime


class DropFolder(Protocol):
    """The uploads bucket, where people drop pictures and read what was wrong with them."""

    def look(self, key: str, *, version_id: str | None) -> Dropped | None:
        """Return what lies there, in that version or the latest; None when it cannot be read."""
        ...

    def read(self, key: str, *, version_id: str | None = None, at_most: int) -> bytes | None:
        """Return the bytes, cut after `at_most`; None when there is no such object."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write JSON, over whatever lies there."""
        ...


class IntakeQueue(Protocol):
    def send_later(self, message: str, *, seconds: int) -> None:
        """Bring a message back after a while, of 15 minutes at most."""
        ...


class Batches(Protocol):
    """Batches, and the event that tells of their end: all or nothing."""

    def add(self, batch: Batch, *, admission: Admission | None = None) -> None:
        """Write a new batch, and under which idempotency key it was started.

        Raises VersionConflict when there is one of this id, AlreadyAdmitted when that key stands
        for another request's answer.
        """
        ...

    def admit(self, admission: Admission, *, of: Batch, now: datetime) -> None:
        """Write which batch that is there a key stands for. Raises AlreadyAdmitted."""
        ...

    def get(self, tenant: str, batch_id: BatchId) -> Batch:
        """Raises BatchNotFound."""
        ...

    def save(self, batch: Batch, *, was: Batch) -> None:
        """Raises VersionConflict when `was` is no longer current."""
        ...

    def of_tenant(self, tenant: str) -> Sequence[Batch]:
        """Return the newest hundred, newest first."""
        ...

    def due(self, *, before: datetime) -> Sequence[tuple[str, BatchId]]:
        """Return tenant and id of those whose next step is due."""
        ...


class BatchQueue(Protocol):
    def send(self, tenant: str, batch_id: BatchId) -> None:
        """Let a step be taken."""
        ...
