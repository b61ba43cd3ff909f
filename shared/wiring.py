"""The composition root: the use cases, each joined with the world when first used."""

from functools import cached_property

from shared.usecases.accept_callback import AcceptCallback
from shared.usecases.admit_job import AdmitJob
from shared.usecases.await_change import AwaitChange
from shared.usecases.callback_urls import CallbackUrls
from shared.usecases.collect_result import CollectResult
from shared.usecases.dispatch_attempt import DispatchAttempt
from shared.usecases.keys import Authenticate, IssueKey, RevokeKey, RotateKey
from shared.usecases.lifecycle import CancelJob, DeleteJob, RetryJob
from shared.usecases.list_keys import ListKeys
from shared.usecases.pass_gate import PassGate
from shared.usecases.provider_gate import ProviderGate
from shared.usecases.publish_events import PublishEvents
from shared.usecases.recover import Recover
from shared.usecases.references import PrepareReferences
from shared.usecases.replay_callbacks import ReplayCallbacks
from shared.usecases.send_off import SendOff
from shared.usecases.take_in import TakeIn
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
            is_healthy=self.provider_gate.is_healthy,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def provider_gate(self) -> ProviderGate:
        return ProviderGate(
            breakers=self.breakers, places=self.places, limits=self.limits, clock=self.clock
        )

    @cached_property
    def dispatch_attempt(self) -> DispatchAttempt:
        return DispatchAttempt(
            jobs=self.jobs,
            catalog=self.catalog,
            providers=self.providers,
            prepare_references=self.prepare_references,
            callback_urls=self.callback_urls,
            pass_gate=PassGate(gate=self.provider_gate),
            take_in=self.take_in,
            wake_watch=self.wake_watch,
            parallel=self.parallel,
            clock=self.clock,
        )

    @cached_property
    def prepare_references(self) -> PrepareReferences:
        return PrepareReferences(
            uploads=self.uploads, elsewhere=self.reference_source, accesses=self.accesses
        )

    @cached_property
    def callback_urls(self) -> CallbackUrls:
        return CallbackUrls(
            accesses=self.accesses, callback_keys=self.callback_keys, clock=self.clock
        )

    @cached_property
    def take_in(self) -> TakeIn:
        return TakeIn(
            jobs=self.jobs,
            media=self.media,
            providers=self.providers,
            collect_queue=self.collect_queue,
            gate=self.provider_gate,
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
            recover=self.recover,
            image_source=self.image_source,
            media=self.media,
            gate=self.provider_gate,
            archive=self.callback_archive,
            clock=self.clock,
        )

    @cached_property
    def recover(self) -> Recover:
        return Recover(
            jobs=self.jobs, catalog=self.catalog, providers=self.providers, clock=self.clock
        )

    @cached_property
    def cancel_job(self) -> CancelJob:
        return CancelJob(jobs=self.jobs, collect_queue=self.collect_queue, clock=self.clock)

    @cached_property
    def retry_job(self) -> RetryJob:
        return RetryJob(
            jobs=self.jobs,
            keys=self.api_keys,
            dispatch_queue=self.dispatch_queue,
            clock=self.clock,
        )

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
            streams=self.streams,
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

    @cached_property
    def rotate_key(self) -> RotateKey:
        return RotateKey(keys=self.api_keys, clock=self.clock, random_bytes=self.random_bytes)

    @cached_property
    def revoke_key(self) -> RevokeKey:
        return RevokeKey(keys=self.api_keys, clock=self.clock)

    @cached_property
    def list_keys(self) -> ListKeys:
        return ListKeys(
            keys=self.api_keys,
            accounts=self.accounts,
            usage_book=self.usage_book,
            clock=self.clock,
        )
