"""What must hold whatever happened: checked at every write, and at the end of the world."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from shared.adapters.memory.table import MemoryJobStore
from shared.domain.events import Event, announcement
from shared.domain.ids import EventId, JobId, KeyId
from shared.domain.job import Job
from shared.domain.limits import UNLIMITED, Limits
from shared.domain.reports import TaskState
from shared.domain.status import FINISH_PATIENCE, JobStatus
from shared.domain.submission import Submission
from tests.simulation.books import check_books, the_books_balance
from tests.simulation.deleting import is_of_the_deleted, nothing_is_left_of_the_deleted
from tests.simulation.effects import Violation
from tests.simulation.lost_results import no_job_waits_for_what_is_gone
from tests.simulation.receivers import check_deliveries

DRY: Final = "dry-"  # begins the name of a client that asks for no job

if TYPE_CHECKING:
    from tests.simulation.provider import Task
    from tests.simulation.world import World


@dataclass(slots=True)
class Chronicle:
    """What happened, written down outside the service."""

    announced: dict[EventId, Event] = field(default_factory=dict)
    answered: set[JobId] = field(default_factory=set)
    deleting: set[JobId] = field(default_factory=set)
    deleted: dict[JobId, Job] = field(default_factory=dict)  # as they were last
    bucket: dict[str, bytes] = field(default_factory=dict)
    next_watch: datetime | None = None
    limits: Mapping[KeyId, Limits] = field(default_factory=dict)  # of each key


class RecordingJobStore(MemoryJobStore):
    """The memory store, with a witness at every write."""

    def __init__(self, chronicle: Chronicle, on_change: Callable[[Event | None], None]) -> None:
        super().__init__()
        self._chronicle = chronicle
        self._on_change = on_change

    def all(self) -> list[Job]:
        return list(self._jobs.values())

    def ever(self) -> list[Job]:
        return [*self.all(), *self._chronicle.deleted.values()]

    def remove(self, job: Job) -> None:
        super().remove(job)
        self._chronicle.deleted[job.id] = job

    def _write(self, job: Job, *, was: Job | None, limits: Limits = UNLIMITED) -> None:
        self._check_step(job, was)
        super()._write(job, was=was, limits=limits)
        check_books(self.ledger, self._chronicle.limits)
        event = announcement(job, was=was)
        if event:
            self._check_event(event)
        self._on_change(event)

    def _check_step(self, job: Job, was: Job | None) -> None:
        if was and was.is_terminal and job.status is not was.status and not was_retried(job, was):
            raise Violation(f"{job.id}: terminal {was.status} became {job.status}")
        if was and job.attempts[: len(was.attempts)] != was.attempts:
            raise Violation(f"{job.id}: an attempt is not what it was")
        latest = [entry.at for entry in job.timeline[-3:]]
        if latest != sorted(latest):
            raise Violation(f"{job.id}: time runs backwards in its timeline")
        for image in job.images:
            content = self._chronicle.bucket.get(image.key)
            if content is None and job.id in self._chronicle.deleting:
                continue
            if content is None or hashlib.sha256(content).hexdigest() != image.sha256:
                raise Violation(f"{job.id}: the state speaks of {image.key}, the bucket does not")

    def _check_event(self, event: Event) -> None:
        known = self._chronicle.announced.setdefault(event.id, event)
        if known.detail != event.detail:
            raise Violation(f"{event.id} has been announced with other bytes")


def was_retried(job: Job, was: Job) -> bool:
    return job.retries > was.retries


def check_end(world: "World") -> None:
    """Raise Violation unless every promise of docs/reliability.md has been kept."""
    for check in (
        _every_job_is_over,
        _nothing_is_sent_twice,
        _nothing_is_paid_twice,
        _nothing_paid_is_lost,
        _every_event_is_heard,
        _the_ledgers_agree,
        _one_key_is_one_job,
        _a_dry_run_is_no_job,
        _no_job_vanishes,
        nothing_is_left_of_the_deleted,
        _one_task_is_one_jobs,
        _a_submission_has_all_its_tasks_or_none,
        _only_deadlines_expire,
        no_job_waits_for_what_is_gone,
        the_books_balance,
        check_deliveries,
        _each_call_is_one_job,
    ):
        check(world)


def _every_job_is_over(world: "World") -> None:
    for job in world.store.all():
        if not job.is_terminal:
            raise Violation(f"{job.id} is {job.status} for ever, due {job.due_at}")
        if job.followed:
            raise Violation(f"{job.id} is {job.status} and still follows a submission")


def _nothing_is_sent_twice(world: "World") -> None:
    sent = Counter(
        (provider.name, request)
        for provider in world.simulated.values()
        for request in provider.heard
    )
    for (name, request), times in sent.items():
        if times > 1:
            raise Violation(f"{name} heard {request} {times} times")


def _nothing_is_paid_twice(world: "World") -> None:
    for job in world.store.all():
        charged = sum(_may_cost(task) for task in _tasks_of(world, job.id))
        allowed = job.input.n * max(1, len(job.attempts))
        retried = job.retries > 0 or job.on_unknown == "retry"
        if charged > (allowed if retried else job.input.n):
            raise Violation(f"{job.id}: {charged} images asked for, wanted {job.input.n}")


def _nothing_paid_is_lost(world: "World") -> None:
    for job in world.store.all():
        stored = {(image.attempt, image.sha256) for image in job.images}
        known = {task_id for s in job.submissions for task_id in s.task_ids}
        for task in _tasks_of(world, job.id):
            if task.state is not TaskState.SUCCEEDED or task.id not in known:
                continue
            for url in task.urls:
                digest = hashlib.sha256(world.web[url]).hexdigest()
                is_stored = (task.submission.attempt, digest) in stored
                if not is_stored and not world.lost_results.is_lost(url):
                    raise Violation(f"{job.id}: {url} was paid for and is not stored")


def _every_event_is_heard(world: "World") -> None:
    heard: dict[EventId, set[str]] = defaultdict(set)
    for event in world.bus.received:
        heard[event.id].add(event.detail)
    for event in world.chronicle.announced.values():
        deleted = is_of_the_deleted(world, event)
        if heard[event.id] != {event.detail} and not (deleted and not heard[event.id]):
            raise Violation(f"{event.type} of {event.subject} was heard as {heard[event.id]}")


def _the_ledgers_agree(world: "World") -> None:
    for job in world.store.all():
        if not job.is_cost_complete:
            continue
        theirs = sum((_ledger_of(world, job, one) for one in job.submissions), Decimal(0))
        if job.charged_usd != theirs:
            raise Violation(f"{job.id}: we say {job.charged_usd}, the provider {theirs}")


def _one_key_is_one_job(world: "World") -> None:
    named = (job.metadata.get("client") for job in world.store.ever())
    made = Counter(client for client in named if client)
    for client, times in made.items():
        if times > 1:
            raise Violation(f"client {client} asked under one key and got {times} jobs")


def _each_call_is_one_job(world: "World") -> None:
    if world.image_callers:
        world.image_callers.check()


def _a_dry_run_is_no_job(world: "World") -> None:
    for job in world.store.all():
        if job.metadata.get("client", "").startswith(DRY):
            raise Violation(f"{job.id} was to be a dry run, and is a job")


def _no_job_vanishes(world: "World") -> None:
    there = {job.id for job in world.store.ever()}
    for job_id in world.chronicle.answered:
        if job_id not in there:
            raise Violation(f"{job_id} was answered and is gone")


def _one_task_is_one_jobs(world: "World") -> None:
    owners = Counter(task for job in world.store.all() for task in job.tasks)
    for task, times in owners.items():
        if times > 1:
            raise Violation(f"{task} belongs to {times} submissions")


def _a_submission_has_all_its_tasks_or_none(world: "World") -> None:
    for job in world.store.all():
        for one in job.submissions:
            made = {
                task.id
                for task in _tasks_of(world, job.id)
                if (task.submission.attempt, task.submission.number) == (one.attempt, one.number)
            }
            if made & set(one.task_ids) and not made <= set(one.task_ids):
                raise Violation(f"{job.id}: of {made} only {one.task_ids} are known")


def _only_deadlines_expire(world: "World") -> None:
    for job in world.store.all():
        asked = job.start_within or job.finish_within < FINISH_PATIENCE
        if job.status is JobStatus.EXPIRED and not asked:
            raise Violation(f"{job.id} expired although nobody set a deadline")


def _ledger_of(world: "World", job: Job, one: Submission) -> Decimal:
    """Return what the provider charged for a submission: by its tasks, else by its name."""
    provider = world.simulated[one.provider]
    if one.task_ids:
        return sum((provider.tasks[task_id].charged for task_id in one.task_ids), Decimal(0))
    named = (
        task.charged
        for task in provider.made_for[job.id]
        if provider.waits_for_the_image
        and (task.submission.attempt, task.submission.number) == (one.attempt, one.number)
    )
    return sum(named, Decimal(0))


def _may_cost(task: "Task") -> int:
    return task.images if task.state is TaskState.PENDING else len(task.urls)


def _tasks_of(world: "World", job_id: JobId) -> list["Task"]:
    return [task for provider in world.simulated.values() for task in provider.made_for[job_id]]
