"""What is written down of a job, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from shared.domain.bounds import MOST_ATTEMPTS, MOST_HELD_LINKS
from shared.domain.errors import ErrorCode, Fault
from shared.domain.failover import Leg, has_surely_failed
from shared.domain.hold import Hold
from shared.domain.ids import BatchId, JobId, KeyId, TaskId
from shared.domain.image import StoredImage
from shared.domain.retention import KEPT, Retention
from shared.domain.status import FINISH_PATIENCE, REOPENABLE, SLOW, TERMINAL, JobStatus
from shared.domain.submission import Attempt, Submission, Task
from shared.domain.wanted import JobInput


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at: datetime
    status: JobStatus
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What is written down of a job, and what follows from it."""

    id: JobId
    tenant: str
    key_id: KeyId
    status: JobStatus = JobStatus.QUEUED
    model: str
    provider: str  # of the attempt under way, or of the next one
    delivery: str
    route: tuple[Leg, ...] = ()  # every way that was open when the job was admitted, best first
    decision: str = ""  # why this provider, in words
    force_failover: bool = False
    sandbox: bool = False
    input: JobInput
    on_unknown: str = "fail"
    start_within: timedelta | None = None
    finish_within: timedelta = FINISH_PATIENCE
    images: tuple[StoredImage, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    submissions: tuple[Submission, ...] = ()
    dispatch_tries: int = 0
    error: Fault | None = None
    estimated_usd: Decimal | None = None
    hold: Hold | None = None  # what it keeps of the limits of `payer`; None: nothing
    earlier_holds: tuple[Hold, ...] = ()  # of the openings before: late charges still go there
    retries: int = 0
    retried_by: KeyId | None = None  # the key of the latest retry
    attempts_before: int = 0  # so many attempts there were when it was last retried
    late: bool = False
    trace: str = ""  # of the request that it came with, for whoever follows it through the logs
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    batch: BatchId | None = None
    admission_key: str | None = None  # digest of the idempotency key it was admitted under
    source: str | None = None  # the object whose edit this is: its key in the uploads bucket
    webhook_url: str | None = None  # where its own events go besides
    webhook_events: tuple[str, ...] = ()  # which of them; empty: all
    retention: Retention = KEPT
    version: int = 1
    created_at: datetime
    opened_at: datetime  # created, or reopened by a retry: the deadlines run from here
    updated_at: datetime
    completed_at: datetime | None = None
    due_at: datetime | None = None  # when the watch must look, should nothing else happen before
    timeline: tuple[TimelineEntry, ...] = ()

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def payer(self) -> KeyId:
        """The key whose limits bind the attempt under way, and the next one."""
        return self.retried_by or self.key_id

    @property
    def payers(self) -> frozenset[KeyId]:
        """All keys that it has run under."""
        held = (hold.key_id for hold in self.earlier_holds)
        named = (*(one.key_id for one in self.attempts), *held, self.payer)
        return frozenset({self.key_id, *filter(None, named)})

    def key_of(self, attempt: int) -> KeyId:
        """Return the key that an attempt ran under, by the attempt's number."""
        named = (one.key_id for one in self.attempts if one.number == attempt)
        return next(named, None) or self.key_id

    @property
    def may_begin_another(self) -> bool:
        """Whether a failover, a guess or a retry may add an attempt: the record must not grow."""
        return len(self.attempts) < MOST_ATTEMPTS and self._held_links < MOST_HELD_LINKS

    @property
    def finish_by(self) -> datetime:
        return self.opened_at + self.finish_within

    @property
    def resolution(self) -> str | None:
        """How large the images are, as far as that was asked for in a word."""
        return self.input.resolution or self.input.size

    @property
    def forget_at(self) -> datetime | None:
        """Return when the record may go: a while after the end, once nothing is awaited."""
        if not self.is_terminal or self.due_at or self.retention.record_days is None:
            return None
        return self.updated_at + timedelta(days=self.retention.record_days)

    @property
    def start_by(self) -> datetime | None:
        return self.opened_at + self.start_within if self.start_within else None

    @property
    def current(self) -> tuple[Submission, ...]:
        """The submissions of the latest attempt."""
        return tuple(s for s in self.submissions if s.attempt == len(self.attempts))

    @property
    def followed(self) -> tuple[Submission, ...]:
        """The submissions of any attempt that may bring images: what is paid is never let go."""
        return tuple(s for s in self.submissions if s.may_bring_images)

    @property
    def task_ids(self) -> tuple[TaskId, ...]:
        return tuple(task_id for s in self.submissions for task_id in s.task_ids)

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(Task(s.provider, task_id) for s in self.submissions for task_id in s.task_ids)

    @property
    def awaited_tasks(self) -> tuple[Task, ...]:
        """The tasks whose providers have to be asked what became of them."""
        asked = [s for s in self.followed if s.made is None]
        return tuple(Task(s.provider, task_id) for s in asked for task_id in s.task_ids)

    @property
    def since(self) -> datetime:
        """When the latest of its open submissions was sent, else when it was opened.

        Earlier for a job in a hurry: it takes long as soon as its time is over.
        """
        sent = max((s.sent_at for s in self.followed if s.sent_at), default=self.opened_at)
        return sent if self.is_terminal else min(sent, self.finish_by - SLOW)

    @property
    def has_work_to_send(self) -> bool:
        if self.is_terminal:
            return False
        if any(s.is_planned for s in self.current):
            return True
        return self.status is JobStatus.QUEUED and not any(s.is_open for s in self.current)

    @property
    def unseen_images(self) -> tuple[StoredImage, ...]:
        """The images that nobody has tried to decode."""
        return tuple(image for image in self.images if image.verified is None)

    @property
    def is_cost_complete(self) -> bool:
        """Whether the job is over, and what each of its images cost is known."""
        return self.is_terminal and not any(s.untold for s in self.submissions)

    @property
    def charged_usd(self) -> Decimal | None:
        """What the providers charged, as far as that is known; None while nothing is.

        A known part of zero is None as well: a caller would read "0" as the whole cost.
        """
        charges = [s.charge for s in self.submissions if s.charge is not None]
        known = sum(charges, Decimal(0))
        return known if self.is_terminal and (known or self.is_cost_complete) else None

    @property
    def may_change_provider(self) -> bool:
        """Whether another one may do it instead: nothing has gone out, or surely in vain.

        A retry asks anew, whatever has become of the attempts before.
        """
        begun = [s for s in self.current if not s.is_planned]
        is_in_vain = not self.images and has_surely_failed(begun)
        may = not begun or is_in_vain or self._is_reopened
        return self.status is JobStatus.QUEUED and may and self.may_begin_another

    def is_in_flight_at(self, provider: str) -> bool:
        """Whether the job waits for something that a provider has, or may have, in hand."""
        return any(s.is_open and not s.is_planned and s.provider == provider for s in self.current)

    def overrun(self, at: datetime) -> Fault | None:
        """Return the caller's own deadline that has passed, if one has."""
        if self.is_terminal:
            return None
        if at >= self.finish_by:
            return Fault(code=ErrorCode.DEADLINE_FINISH, message="not finished by finish_by")
        if self._starts_late(at):
            return Fault(code=ErrorCode.DEADLINE_START, message="not started by start_by")
        return None

    @property
    def _has_started(self) -> bool:
        """Whether anything that was sent since it was opened may have been accepted."""
        sent = any(s.sent_at and s.sent_at >= self.opened_at for s in self.followed)
        return sent or self.status is not JobStatus.QUEUED

    @property
    def _is_reopened(self) -> bool:
        """Whether a retry was its latest step."""
        return any(entry.status in REOPENABLE for entry in self.timeline[-2:-1])

    @property
    def _held_links(self) -> int:
        """How many characters the links take that are kept until their images are stored."""
        return sum(len(url) for s in self.submissions if s.made for url in s.made.urls)

    def _starts_late(self, at: datetime) -> bool:
        return bool(self.start_by and at >= self.start_by and not self._has_started)
