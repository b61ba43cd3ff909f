"""Watch over what no webhook reports: polls, deadlines, jobs that were never sent, lost events.

One holder of a lease works while anything is open; it asks a provider about all of its tasks at
once, so its calls do not grow with the jobs. Others find the lease taken and leave.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import JobId, TaskId
from shared.domain.offers import Catalog, Offer
from shared.domain.status import SLOW
from shared.ports import Clock, DueJob, JobStore, Leases, Providers, Queue
from shared.usecases.publish_events import PublishEvents

LEASE: Final = "watch"
_LEASE_LIFE: Final = timedelta(seconds=30)
_HANDED_ON_LIFE: Final = timedelta(seconds=30)
_HORIZON: Final = timedelta(seconds=60)  # the schedule's period: beyond it the next look is in time
# Seconds between looks: short enough that a job submitted meanwhile is not kept waiting.
_SHORTEST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 2.0


@dataclass(slots=True)
class _Pace:
    """When each job may be asked about again, and which finished tasks were handed on when."""

    not_before: dict[JobId, datetime] = field(default_factory=dict)
    handed_on: dict[JobId, tuple[frozenset[TaskId], datetime]] = field(default_factory=dict)

    def is_due(self, job: DueJob, now: datetime) -> bool:
        return job.due_at <= now and self.not_before.get(job.id, now) <= now

    def hand_on(self, job_id: JobId, finished: frozenset[TaskId], now: datetime) -> bool:
        """Tell whether to hand the job on: something new finished, or the last time was lost."""
        before, at = self.handed_on.get(job_id, (frozenset(), now - _HANDED_ON_LIFE))
        if finished == before and now < at + _HANDED_ON_LIFE:
            return False
        self.handed_on[job_id] = (finished, now)
        return True

    def forget_all_but(self, jobs: Iterable[DueJob]) -> None:
        ids = {job.id for job in jobs}
        self.not_before = {key: at for key, at in self.not_before.items() if key in ids}
        self.handed_on = {key: at for key, at in self.handed_on.items() if key in ids}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchJobs:
    jobs: JobStore
    leases: Leases
    providers: Providers
    catalog: Catalog
    collect_queue: Queue
    dispatch_queue: Queue
    publish_events: PublishEvents
    clock: Clock

    def __call__(self, *, owner: str, until: datetime) -> int:
        """Watch until nothing is open or `until`; return the number of looks taken."""
        looks = 0
        while (now := self.clock.now()) < until and self._has_work(now):
            if not self._acquire(owner, now):
                break
            looks += self._hold(owner, until)
            self.leases.release(LEASE, owner=owner)
            # Who came while we held the lease has left: look once more before leaving too.
        return looks

    def _has_work(self, now: datetime) -> bool:
        return bool(self.jobs.due(before=now + _HORIZON, limit=1)) or bool(
            self.publish_events.overdue(now)
        )

    def _acquire(self, owner: str, now: datetime) -> bool:
        return self.leases.acquire(LEASE, owner=owner, now=now, until=now + _LEASE_LIFE)

    def _hold(self, owner: str, until: datetime) -> int:
        looks, pace, renew_at = 0, _Pace(), self.clock.now()
        while (now := self.clock.now()) < until:
            if now >= renew_at:
                if not self._acquire(owner, now):
                    break
                renew_at = now + _LEASE_LIFE / 3
                self.publish_events.again(now)
            jobs = self.jobs.due(before=now + _HORIZON)
            if not jobs:
                break
            looks += 1
            self._look(jobs, pace, now)
            self.clock.sleep(_pause(jobs, pace, now))
        return looks

    def _look(self, jobs: Sequence[DueJob], pace: _Pace, now: datetime) -> None:
        pace.forget_all_but(jobs)
        asked: dict[tuple[str, str], list[DueJob]] = defaultdict(list)
        for job in jobs:
            if not pace.is_due(job, now):
                continue
            if job.task_ids and not job.unsent:
                asked[job.provider, job.model].append(job)
                continue
            if pace.hand_on(job.id, frozenset(), now):
                queue = self.dispatch_queue if job.unsent else self.collect_queue
                queue.send(job.id)
            pace.not_before[job.id] = now + _HANDED_ON_LIFE
        for (provider, model), waiting in asked.items():
            self._ask(self.catalog.offer(model, provider), waiting, pace, now)

    def _ask(self, offer: Offer, jobs: Sequence[DueJob], pace: _Pace, now: datetime) -> None:
        tasks = {task_id for job in jobs for task_id in job.task_ids}
        finished = self._finished(offer, tasks)
        for job in jobs:
            pace.not_before[job.id] = now + timedelta(seconds=offer.pacing.interval)
            news = finished.intersection(job.task_ids)
            if (news or _is_late(job, now)) and pace.hand_on(job.id, news, now):
                self.collect_queue.send(job.id)

    def _finished(self, offer: Offer, tasks: Collection[TaskId]) -> frozenset[TaskId]:
        try:
            return frozenset(self.providers[offer.provider].finished(offer, tasks))
        except ProviderUnreadable:  # asked again at the next interval
            return frozenset()


def _is_late(job: DueJob, now: datetime) -> bool:
    """What takes long, or too long, is for collect: it knows the deadlines and puts it off."""
    return now >= job.since + SLOW or (job.finish_by is not None and now >= job.finish_by)


def _pause(jobs: Iterable[DueJob], pace: _Pace, now: datetime) -> float:
    next_at = min(max(job.due_at, pace.not_before.get(job.id, job.due_at)) for job in jobs)
    return min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, (next_at - now).total_seconds()))
