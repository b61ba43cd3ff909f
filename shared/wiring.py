"""The composition root: the use cases, each joined with the world when first used."""

from functools import cached_property

from shared.usecases.accept_callback import AcceptCallback
from shared.usecases.admit_job import AdmitJob
from shared.usecases.await_change import AwaitChange
from shared.usecases.collect_result import CollectResult
from shared.usecases.dispatch_attempt import DispatchAttempt
from shared.usecases.keys import Authenticate, IssueKey
from shared.usecases.lifecycle import CancelJob, DeleteJob, RetryJob
from shared.usecases.publish_events import PublishEvents
from shared.usecases.replay_callbacks import ReplayCallbacks
from shared.usecases.send_off import SendOff
from shared.usecases.watch_jobs import WatchJobs
from shared.world import World


class Service(World):
    @cached_property
    def send_off(self) -> SendOff:
        return SendOff(
            dispatch_attempt=self.dispatch_attempt,
            dispatch_queue=self.dispatch_queue,
            catalog=self.catalog,
        )

    @cached_property
    def admit_job(self) -> AdmitJob:
        return AdmitJob(
            jobs=self.jobs,
            uploads=self.uploads,
            catalog=self.catalog,
            accesses=self.accesses,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def dispatch_attempt(self) -> DispatchAttempt:
        return DispatchAttempt(
            jobs=self.jobs,
            uploads=self.uploads,
            catalog=self.catalog,
            providers=self.providers,
            accesses=self.accesses,
            callback_keys=self.callback_keys,
            wake_watch=self.wake_watch,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def accept_callback(self) -> AcceptCallback:
        return AcceptCallback(
            archive=self.callback_archive,
            collect_queue=self.collect_queue,
            callback_keys=self.callback_keys,
            clock=self.clock,
        )

    @cached_property
    def collect_result(self) -> CollectResult:
        return CollectResult(
            jobs=self.jobs,
            catalog=self.catalog,
            providers=self.providers,
            image_source=self.image_source,
            media=self.media,
            archive=self.callback_archive,
            clock=self.clock,
        )

    @cached_property
    def cancel_job(self) -> CancelJob:
        return CancelJob(jobs=self.jobs, collect_queue=self.collect_queue, clock=self.clock)

    @cached_property
    def retry_job(self) -> RetryJob:
        return RetryJob(jobs=self.jobs, dispatch_queue=self.dispatch_queue, clock=self.clock)

    @cached_property
    def delete_job(self) -> DeleteJob:
        return DeleteJob(jobs=self.jobs, media=self.media, archive=self.callback_archive)

    @cached_property
    def replay_callbacks(self) -> ReplayCallbacks:
        return ReplayCallbacks(archive=self.callback_archive, collect_queue=self.collect_queue)

    @cached_property
    def await_change(self) -> AwaitChange:
        return AwaitChange(jobs=self.jobs, clock=self.clock)

    @cached_property
    def watch_jobs(self) -> WatchJobs:
        return WatchJobs(
            jobs=self.jobs,
            leases=self.leases,
            providers=self.providers,
            catalog=self.catalog,
            collect_queue=self.collect_queue,
            dispatch_queue=self.dispatch_queue,
            publish_events=self.publish_events,
            clock=self.clock,
        )

    @cached_property
    def publish_events(self) -> PublishEvents:
        return PublishEvents(outbox=self.outbox, bus=self.event_bus)

    @cached_property
    def authenticate(self) -> Authenticate:
        return Authenticate(keys=self.api_keys, clock=self.clock)

    @cached_property
    def issue_key(self) -> IssueKey:
        return IssueKey(keys=self.api_keys, clock=self.clock, random_bytes=self.random_bytes)
