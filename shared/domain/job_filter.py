"""Which of a tenant's jobs are wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shared.domain.ids import JobId, ulid
from shared.domain.job import Job
from shared.domain.status import JobStatus

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """What is not said does not matter. `since` is within, `until` is not."""

    status: JobStatus | None = None
    model: str | None = None
    provider: str | None = None
    tag: str | None = None
    batch: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def admits(self, job: Job) -> bool:
        return (
            self.status in {None, job.status}
            and self.model in {None, job.model}
            and self.provider in {None, job.provider}
            and self.batch in {None, job.batch}
            and (self.tag is None or self.tag in job.tags)
            and (self.since is None or self.since <= job.created_at)
            and (self.until is None or job.created_at < self.until)
        )

    @property
    def span(self) -> tuple[JobId, JobId]:
        """Return the first and the last id that a wanted job can have: ids sort by time."""
        first = max(self.since or _EPOCH, _EPOCH)
        last = min(max(self.until or _END, _EPOCH), _END)
        return (
            JobId(f"job_{ulid(min(first, _END), bytes(10))}"),
            JobId(f"job_{ulid(last, b'\xff' * 10)}"),
        )

    @property
    def is_a_span(self) -> bool:
        """Whether all that is asked is a span of time: then no job has to be looked at in vain."""
        asked = (self.status, self.model, self.provider, self.tag, self.batch)
        return all(one is None for one in asked)


ALL_JOBS: Final = JobFilter()
