"""A batch: many jobs from one file, a few at a time, each line once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from shared.domain.ids import BatchId, JobId, KeyId, ulid
from shared.domain.job import Job
from shared.domain.status import JobStatus

MOST_LINES: Final = 10_000
LARGEST_BYTES: Final = 50 * 1024 * 1024
USUAL_IN_FLIGHT: Final = 20
_LOOK_AGAIN: Final = timedelta(seconds=5)
_STEP_PATIENCE: Final = timedelta(minutes=3)  # by then whoever took a step has died

_SUCCEEDED: Final = frozenset({JobStatus.SUCCEEDED, JobStatus.PARTIAL})


class BatchState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"


class Stop(StrEnum):
    """Whose money would not do."""

    MAX_USD = "max_usd"
    BUDGET = "budget_exceeded"  # its API key's


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines are numbered from 1; what was taken in is known by `next_line`, and by the jobs."""

    id: BatchId
    tenant: str
    key_id: KeyId
    name: str  # its report lies at batches/<name>.report.jsonl
    key: str
    version_id: str | None
    format: Format
    lines: int
    max_usd: Decimal | None = None
    max_in_flight: int = USUAL_IN_FLIGHT
    state: BatchState = BatchState.RUNNING
    next_line: int = 1
    in_flight: tuple[int, ...] = ()
    accepted: int = 0
    refused: int = 0
    succeeded: int = 0
    failed: int = 0
    estimated_usd: Decimal = Decimal(0)
    charged_usd: Decimal = Decimal(0)
    unknown_charges: int = 0
    stopped_at: int | None = None  # the first line that was left out, for want of money
    stopped_by: Stop = Stop.MAX_USD
    due_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    version: int = 1

    @property
    def is_over(self) -> bool:
        return self.state is BatchState.COMPLETED

    @property
    def has_more(self) -> bool:
        return self.stopped_at is None and self.next_line <= self.lines

    def job_id(self, line: int) -> JobId:
        """Return the one id that the job of a line can have."""
        digest = hashlib.sha256(f"{self.id}\0{line}".encode()).digest()
        return JobId(f"job_{ulid(self.created_at, digest[:10])}")

    def settled(self, line: int, job: Job) -> Self:
        """Take in how the job of a line ended."""
        charged = job.charged_usd
        return replace(
            self,
            in_flight=tuple(one for one in self.in_flight if one != line),
            succeeded=self.succeeded + (job.status in _SUCCEEDED),
            failed=self.failed + (job.status not in _SUCCEEDED),
            charged_usd=self.charged_usd + (charged or 0),
            unknown_charges=self.unknown_charges + (not job.is_cost_complete),
        )

    @property
    def is_bounded(self) -> bool:
        return self.max_usd is not None

    def affords(self, estimate: Decimal | None) -> bool:
        return self.max_usd is None or self.estimated_usd + (estimate or 0) <= self.max_usd

    def took_in(self, line: int, estimate: Decimal | None) -> Self:
        return replace(
            self,
            next_line=line + 1,
            in_flight=(*self.in_flight, line),
            accepted=self.accepted + 1,
            estimated_usd=self.estimated_usd + (estimate or 0),
        )

    def refused_line(self, line: int) -> Self:
        return replace(self, next_line=line + 1, refused=self.refused + 1)

    def stopped(self, line: int, by: Stop) -> Self:
        """Leave out this line and all that follow: the money would not do."""
        left_out = self.lines - line + 1
        return replace(self, stopped_at=line, stopped_by=by, refused=self.refused + left_out)

    def stepped(self, at: datetime, *, held_up: bool = False) -> Self:
        """Write down a step: the next one is due at once, or when what is in flight may be done.

        `held_up` when its key's limits let no more in for now.
        """
        over = not self.has_more and not self.in_flight
        full = held_up or len(self.in_flight) >= self.max_in_flight or not self.has_more
        return replace(
            self,
            state=BatchState.COMPLETED if over else BatchState.RUNNING,
            completed_at=at if over else None,
            due_at=None if over else at + (_LOOK_AGAIN if full else timedelta(0)),
            updated_at=at,
            version=self.version + 1,
        )

    def claimed(self, at: datetime) -> Self:
        """Say that a step is under way; should its worker die, the next one comes all the same."""
        return replace(self, due_at=at + _STEP_PATIENCE, updated_at=at, version=self.version + 1)


def batch_id_of(tenant: str, content: bytes) -> BatchId:
    """Return the one id of a file's content: the same file twice is the same batch."""
    digest = hashlib.sha256(tenant.encode() + b"\0" + content).hexdigest()
    return BatchId(f"batch_{digest[:26]}")
