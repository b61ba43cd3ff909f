"""Watch over what no webhook reports: polls, deadlines, jobs never sent, lost events, retries.

One holder of a lease works while anything is open; it asks a provider about all of its tasks at
once, so its calls do not grow with the jobs. Others find the lease taken and leave.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import ProviderUnreadable
from shared.domain.ids import TaskId
from shared.domain.measurement import Measurement, Metric
from shared.domain.offers import Catalog, Offer
from shared.domain.status import SLOW
from shared.ports.gates import Leases
from shared.ports.jobs import DueIndex, DueJob, JobStore
from shared.ports.messages import Queue
from shared.ports.providers import EventStreams, Providers
from shared.ports.runtime import Clock, Metrics
from shared.usecases.hand_out_batches import BatchRounds, HandOutBatches
from shared.usecases.hand_out_deliveries import HandOutDeliveries, Rounds
from shared.usecases.listen_in import Ears, listening
from shared.usecases.publish_events import PublishEvents
from shared.usecases.watch_pace import HANDED_ON_LIFE, Pace

LEASE: Final = "watch"
_LEASE_LIFE: Final = timedelta(seconds=30)
_HORIZON: Final = timedelta(seconds=60)  # the schedule's period: beyond it the next look is in time
# Seconds between looks: short enough that a job submitted meanwhile is not kept waiting.
_SHORTEST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 2.0
_MEASURED_EACH: Final = timedelta(minutes=1)
_PUBLISHED_EACH: Final = timedelta(seconds=10)
# What a stream tells is asked about less often, in case the stream does not.
_TRUST_IN_STREAMS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchJobs:
    due_index: DueIndex
    jobs: JobStore
    leases: Leases
    providers: Providers
    streams: EventStreams
    catalog: Catalog
    collect_queue: Queue
    dispatch_queue: Queue
    publish_events: PublishEvents
    hand_out_deliveries: HandOutDeliveries
    hand_out_batches: HandOutBatches
    metrics: Metrics
    clock: Clock

    def __call__(self, *, owner: str, until: datetime) -> int:
        """Watch until nothing is open or `until`; return the number of looks taken."""
        looks = 0
        while (now := self.clock.now()) < until:
            if self.due_index.is_clear(before=now + _HORIZON) or not self._acquire(owner, now):
                break
            with listening(self.streams, self.clock) as ears:
                taken = self._hold(owner, until, ears)
            self.leases.release(LEASE, owner=owner)
            looks += taken
            # Who came while we held the lease has left: look once more before leaving too.
            if not (taken or self._is_needed(before=self.clock.now() + _HORIZON)):
                break
        return looks

    def _is_needed(self, *, before: datetime) -> bool:
        """Whether there is more than events: what the bus does not take now waits a minute."""
        return (
            bool(self.jobs.due(before=before, limit=1))
            or self.hand_out_deliveries.is_needed(before=before)
            or self.hand_out_batches.is_needed(before=before)
        )

    def _acquire(self, owner: str, now: datetime) -> bool:
        return self.leases.acquire(LEASE, owner=owner, now=now, until=now + _LEASE_LIFE)

    def _hold(self, owner: str, until: datetime, ears: Ears) -> int:
        looks, pace, rounds, batches = 0, Pace(), Rounds(), BatchRounds()
        publish_at = measure_at = self.clock.now()
        renew_at = publish_at + _LEASE_LIFE / 3
        while (now := self.clock.now()) < until:
            if now >= renew_at:
                if not self._acquire(owner, now):
                    break
                renew_at = now + _LEASE_LIFE / 3
            if now >= publish_at:
                publish_at = now + _PUBLISHED_EACH
                self.publish_events.again(now)
            jobs = self.jobs.due(before=now + _HORIZON)
            delivers = self.hand_out_deliveries(rounds, now=now, before=now + _HORIZON)
            goes_on = self.hand_out_batches(batches, now=now, before=now + _HORIZON)
            if not (jobs or delivers or goes_on):
                break
            looks += 1
            if now >= measure_at:
                measure_at = now + _MEASURED_EACH
                self.metrics(_oldest_open(jobs, now))
            # First the ears, then the questions: what ends in between is heard.
            ears.listen_to({task.provider for job in jobs if job.is_streamed for task in job.tasks})
            self._look(jobs, pace, now, ears)
            self._listen(jobs, pace, ears, _pause(jobs, pace, now))
        return looks

    def _look(self, jobs: Sequence[DueJob], pace: Pace, now: datetime, ears: Ears) -> None:
        pace.forget_all_but(jobs)
        asked: dict[str, list[DueJob]] = defaultdict(list)
        for job in jobs:
            self._tell(job, pace, now)
            if not pace.is_due(job, now):
                continue
            if job.tasks and not job.unsent:
                for provider in {task.provider for task in job.tasks}:
                    asked[provider].append(job)
                continue
            if pace.hand_on(job.id, frozenset(), now):
                queue = self.dispatch_queue if job.unsent else self.collect_queue
                queue.send(job.id)
            pace.not_before[job.id] = now + HANDED_ON_LIFE
        for provider, waiting in asked.items():
            if pace.may_ask(provider, waiting, now):
                self._ask(provider, waiting, pace, now, ears)

    def _tell(self, job: DueJob, pace: Pace, now: datetime) -> None:
        """Hand on what a stream has said of a job."""
        news = frozenset(task.id for task in job.tasks if task.id in pace.heard)
        if news and pace.hand_on(job.id, news, now):
            self.collect_queue.send(job.id)

    def _ask(
        self, provider: str, jobs: Sequence[DueJob], pace: Pace, now: datetime, ears: Ears
    ) -> None:
        offers = {job.id: self.catalog.offer(job.model, provider) for job in jobs}
        finished = self._finished(
            provider,
            {t.id: offers[job.id] for job in jobs for t in job.tasks if t.provider == provider},
        )
        intervals = {job.id: offers[job.id].pace_at(job.resolution).interval for job in jobs}
        pace.ask_at[provider] = now + timedelta(seconds=min(intervals.values()))
        for job in jobs:
            trusted = job.is_streamed and ears.hears(provider)
            wait = timedelta(seconds=intervals[job.id] * (_TRUST_IN_STREAMS if trusted else 1))
            pace.not_before[job.id] = now + wait
            news = finished.intersection(task.id for task in job.tasks)
            if (news or _is_late(job, now)) and pace.hand_on(job.id, news, now):
                self.collect_queue.send(job.id)

    def _finished(self, provider: str, tasks: Mapping[TaskId, Offer]) -> frozenset[TaskId]:
        try:
            return frozenset(self.providers[provider].finished(tasks))
        except ProviderUnreadable:  # asked again at the next interval
            return frozenset()

    def _listen(self, jobs: Iterable[DueJob], pace: Pace, ears: Ears, seconds: float) -> None:
        news = ears.wait(seconds)
        pace.hear(news.ended, self.clock.now())
        if news.gaps:
            pace.ask_at_once(job for job in jobs if job.is_streamed)


def _oldest_open(jobs: Iterable[DueJob], now: datetime) -> Iterator[Measurement]:
    """Measure how long the oldest has waited: each open job is due by a quarter of its age."""
    open_jobs = (job for job in jobs if job.finish_by)
    oldest = min(open_jobs, key=lambda job: job.since, default=None)
    if oldest is not None:
        # Of a job that was written while the list was asked for, less than nothing.
        seconds = max(0.0, (now - oldest.since).total_seconds())
        about = {"job_id": oldest.id}
        yield Measurement(metric=Metric.OLDEST_OPEN_JOB, value=seconds, about=about)


def _is_late(job: DueJob, now: datetime) -> bool:
    """What takes long, or too long, is for collect: it knows the deadlines and puts it off."""
    return now >= job.since + SLOW or (job.finish_by is not None and now >= job.finish_by)


def _pause(jobs: Iterable[DueJob], pace: Pace, now: datetime) -> float:
    times = (max(job.due_at, pace.not_before.get(job.id, job.due_at)) for job in jobs)
    next_at = min(times, default=now + timedelta(seconds=_LONGEST_PAUSE))
    return min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, (next_at - now).total_seconds()))
