"""The composition root: the use cases, each joined with the world when first used.

They are imported where they are built, like the adapters: a function pays for its own alone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.world import World

if TYPE_CHECKING:  # the names of what is returned
    from shared.domain.api_key import ApiKey
    from shared.domain.ids import KeyId
    from shared.usecases.accept_callback import AcceptCallback
    from shared.usecases.admit_job import AdmitJob
    from shared.usecases.await_change import AwaitChange
    from shared.usecases.await_end import AwaitEnd
    from shared.usecases.callback_urls import CallbackUrls
    from shared.usecases.collect_result import CollectResult
    from shared.usecases.deliver_webhook import DeliverWebhook
    from shared.usecases.dispatch_attempt import DispatchAttempt
    from shared.usecases.hand_out_batches import HandOutBatches
    from shared.usecases.hand_out_deliveries import HandOutDeliveries
    from shared.usecases.keys import Authenticate, IssueKey, RevokeKey, RotateKey
    from shared.usecases.lifecycle import CancelJob, DeleteJob, RetryJob
    from shared.usecases.list_keys import ListKeys
    from shared.usecases.make_previews import MakePreviews
    from shared.usecases.open_upload import OpenUpload
    from shared.usecases.place_results import PlaceResults
    from shared.usecases.plan_deliveries import PlanDeliveries
    from shared.usecases.provider_gate import ProviderGate
    from shared.usecases.publish_events import PublishEvents
    from shared.usecases.recover import Recover
    from shared.usecases.redeliver import Redeliver
    from shared.usecases.references import PrepareReferences
    from shared.usecases.refuse_intake import RefuseIntake
    from shared.usecases.replay_callbacks import ReplayCallbacks
    from shared.usecases.run_batch import RunBatch
    from shared.usecases.send_off import SendOff
    from shared.usecases.start_batch import StartBatch
    from shared.usecases.take_batch import TakeBatch
    from shared.usecases.take_drop import TakeDrop
    from shared.usecases.take_in import TakeIn
    from shared.usecases.take_request import TakeRequest
    from shared.usecases.watch_jobs import WatchJobs
    from shared.usecases.webhooks import ManageWebhooks


class Service(World):
    @cached_property
    def send_off(self) -> SendOff:
        from shared.usecases.send_off import SendOff

        return SendOff(
            dispatch_attempt=self.dispatch_attempt,
            dispatch_queue=self.dispatch_queue,
            catalog=self.catalog,
        )

    @cached_property
    def admit_job(self) -> AdmitJob:
        from shared.usecases.admit_job import AdmitJob
        from shared.usecases.admit_references import AdmitReferences

        return AdmitJob(
            jobs=self.jobs,
            admit_references=AdmitReferences(jobs=self.jobs, uploads=self.uploads),
            catalog=self.catalog,
            accesses=self.open_accesses,
            is_healthy=self.provider_gate.is_healthy,
            may_reach=self.may_reach,
            clock=self.clock,
            random_bytes=self.random_bytes,
            trace_id=self.trace_id,
        )

    @cached_property
    def provider_gate(self) -> ProviderGate:
        from shared.usecases.provider_gate import ProviderGate

        return ProviderGate(
            breakers=self.breakers, places=self.places, limits=self.limits, clock=self.clock
        )

    @cached_property
    def dispatch_attempt(self) -> DispatchAttempt:
        from shared.usecases.dispatch_attempt import DispatchAttempt
        from shared.usecases.pass_gate import PassGate

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
        from shared.usecases.references import PrepareReferences

        return PrepareReferences(
            jobs=self.jobs,
            uploads=self.uploads,
            media=self.media,
            elsewhere=self.reference_source,
            accesses=self.accesses,
        )

    @cached_property
    def open_upload(self) -> OpenUpload:
        from shared.usecases.open_upload import OpenUpload

        return OpenUpload(uploads=self.uploads, clock=self.clock, random_bytes=self.random_bytes)

    @cached_property
    def callback_urls(self) -> CallbackUrls:
        from shared.usecases.callback_urls import CallbackUrls

        return CallbackUrls(
            accesses=self.accesses, signing_keys=self.signing_keys, clock=self.clock
        )

    @cached_property
    def take_in(self) -> TakeIn:
        from shared.usecases.take_in import TakeIn

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
        from shared.usecases.accept_callback import AcceptCallback

        return AcceptCallback(
            archive=self.callback_archive,
            collect_queue=self.collect_queue,
            callback_keys=self.callback_keys,
            clock=self.clock,
        )

    @cached_property
    def collect_result(self) -> CollectResult:
        from shared.usecases.collect_result import CollectResult

        return CollectResult(
            jobs=self.jobs,
            catalog=self.catalog,
            providers=self.providers,
            recover=self.recover,
            image_source=self.image_source,
            media=self.media,
            gate=self.provider_gate,
            archive=self.callback_archive,
            transfers=self.transfers,
            clock=self.clock,
        )

    @cached_property
    def recover(self) -> Recover:
        from shared.usecases.recover import Recover

        return Recover(
            jobs=self.jobs, catalog=self.catalog, providers=self.providers, clock=self.clock
        )

    @cached_property
    def cancel_job(self) -> CancelJob:
        from shared.usecases.lifecycle import CancelJob

        return CancelJob(jobs=self.jobs, collect_queue=self.collect_queue, clock=self.clock)

    @cached_property
    def retry_job(self) -> RetryJob:
        from shared.usecases.lifecycle import RetryJob

        return RetryJob(
            jobs=self.jobs,
            keys=self.api_keys,
            dispatch_queue=self.dispatch_queue,
            clock=self.clock,
        )

    @cached_property
    def delete_job(self) -> DeleteJob:
        from shared.usecases.lifecycle import DeleteJob

        return DeleteJob(jobs=self.jobs, media=self.media, archive=self.callback_archive)

    @cached_property
    def replay_callbacks(self) -> ReplayCallbacks:
        from shared.usecases.replay_callbacks import ReplayCallbacks

        return ReplayCallbacks(archive=self.callback_archive, collect_queue=self.collect_queue)

    @cached_property
    def await_change(self) -> AwaitChange:
        from shared.usecases.await_change import AwaitChange

        return AwaitChange(jobs=self.jobs, clock=self.clock)

    @cached_property
    def await_end(self) -> AwaitEnd:
        from shared.usecases.await_end import AwaitEnd

        return AwaitEnd(jobs=self.jobs, clock=self.clock)

    @cached_property
    def watch_jobs(self) -> WatchJobs:
        from shared.usecases.watch_jobs import WatchJobs

        return WatchJobs(
            due_index=self.due_index,
            jobs=self.jobs,
            leases=self.leases,
            providers=self.providers,
            streams=self.streams,
            catalog=self.catalog,
            collect_queue=self.collect_queue,
            dispatch_queue=self.dispatch_queue,
            publish_events=self.publish_events,
            hand_out_deliveries=self.hand_out_deliveries,
            hand_out_batches=self.hand_out_batches,
            metrics=self.metrics,
            clock=self.clock,
        )

    @cached_property
    def take_drop(self) -> TakeDrop:
        from shared.usecases.take_drop import TakeDrop

        return TakeDrop(
            folder=self.drop_folder,
            admit_job=self.admit_job,
            dispatch_queue=self.dispatch_queue,
            refuse=self.refuse_intake,
            find_key=self._edits_key,
            clock=self.clock,
        )

    @cached_property
    def take_request(self) -> TakeRequest:
        from shared.usecases.take_request import TakeRequest

        return TakeRequest(
            admit_job=self.admit_job,
            dispatch_queue=self.dispatch_queue,
            refuse=self.refuse_intake,
            find_key=self._events_key,
            clock=self.clock,
        )

    @cached_property
    def refuse_intake(self) -> RefuseIntake:
        from shared.usecases.refuse_intake import RefuseIntake

        return RefuseIntake(folder=self.drop_folder, outbox=self.outbox)

    @cached_property
    def start_batch(self) -> StartBatch:
        from shared.usecases.start_batch import StartBatch

        return StartBatch(
            folder=self.drop_folder,
            batches=self.batches,
            batch_queue=self.batch_queue,
            clock=self.clock,
        )

    @cached_property
    def take_batch(self) -> TakeBatch:
        from shared.usecases.take_batch import TakeBatch

        return TakeBatch(
            start_batch=self.start_batch,
            folder=self.drop_folder,
            refuse=self.refuse_intake,
            find_key=self._edits_key,
        )

    @cached_property
    def run_batch(self) -> RunBatch:
        from shared.usecases.run_batch import RunBatch

        return RunBatch(
            batches=self.batches,
            jobs=self.jobs,
            api_keys=self.api_keys,
            folder=self.drop_folder,
            media=self.media,
            admit_job=self.admit_job,
            dispatch_queue=self.dispatch_queue,
            wake_watch=self.wake_watch,
            clock=self.clock,
        )

    @cached_property
    def hand_out_batches(self) -> HandOutBatches:
        from shared.usecases.hand_out_batches import HandOutBatches

        return HandOutBatches(batches=self.batches, batch_queue=self.batch_queue)

    def _edits_key(self) -> ApiKey | None:
        return self._named_key(self.edits_key_id)

    def _events_key(self) -> ApiKey | None:
        return self._named_key(self.events_key_id)

    def _named_key(self, key_id: KeyId | None) -> ApiKey | None:
        """Return the key that an operator named, if there is one and it is valid."""
        key = self.api_keys.find(key_id) if key_id else None
        return key if key and key.is_valid_at(self.clock.now()) else None

    @cached_property
    def place_results(self) -> PlaceResults:
        from shared.usecases.place_results import PlaceResults

        return PlaceResults(jobs=self.jobs, media=self.media)

    @cached_property
    def publish_events(self) -> PublishEvents:
        from shared.usecases.publish_events import PublishEvents

        return PublishEvents(
            outbox=self.outbox,
            bus=self.event_bus,
            plan_deliveries=self.plan_deliveries,
            place_results=self.place_results,
            preview_queue=self.preview_queue,
            metrics=self.metrics,
            clock=self.clock,
        )

    @cached_property
    def make_previews(self) -> MakePreviews:
        from shared.usecases.make_previews import MakePreviews

        return MakePreviews(jobs=self.jobs, media=self.media, previewer=self.previewer)

    @cached_property
    def plan_deliveries(self) -> PlanDeliveries:
        from shared.usecases.plan_deliveries import PlanDeliveries

        return PlanDeliveries(
            webhooks=self.webhooks,
            deliveries=self.deliveries,
            deliver_queue=self.deliver_queue,
            clock=self.clock,
        )

    @cached_property
    def hand_out_deliveries(self) -> HandOutDeliveries:
        from shared.usecases.hand_out_deliveries import HandOutDeliveries

        return HandOutDeliveries(deliveries=self.deliveries, deliver_queue=self.deliver_queue)

    @cached_property
    def deliver_webhook(self) -> DeliverWebhook:
        from shared.usecases.deliver_webhook import DeliverWebhook
        from shared.usecases.endpoint_health import EndpointHealth
        from shared.usecases.endpoint_places import EndpointPlaces

        return DeliverWebhook(
            deliveries=self.deliveries,
            webhooks=self.webhooks,
            api_keys=self.api_keys,
            places=EndpointPlaces(
                leases=self.leases, clock=self.clock, random_bytes=self.random_bytes
            ),
            health=EndpointHealth(webhooks=self.webhooks, clock=self.clock),
            courier=self.courier,
            wake_watch=self.wake_watch,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def manage_webhooks(self) -> ManageWebhooks:
        from shared.usecases.webhooks import ManageWebhooks

        return ManageWebhooks(
            webhooks=self.webhooks,
            may_reach=self.may_reach,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def redeliver(self) -> Redeliver:
        from shared.usecases.redeliver import Redeliver

        return Redeliver(
            deliveries=self.deliveries,
            webhooks=self.webhooks,
            deliver_queue=self.deliver_queue,
            clock=self.clock,
        )

    @cached_property
    def authenticate(self) -> Authenticate:
        from shared.usecases.keys import Authenticate

        return Authenticate(keys=self.api_keys, clock=self.clock)

    @cached_property
    def issue_key(self) -> IssueKey:
        from shared.usecases.keys import IssueKey

        return IssueKey(keys=self.api_keys, clock=self.clock, random_bytes=self.random_bytes)

    @cached_property
    def rotate_key(self) -> RotateKey:
        from shared.usecases.keys import RotateKey

        return RotateKey(keys=self.api_keys, clock=self.clock, random_bytes=self.random_bytes)

    @cached_property
    def revoke_key(self) -> RevokeKey:
        from shared.usecases.keys import RevokeKey

        return RevokeKey(keys=self.api_keys, clock=self.clock)

    @cached_property
    def list_keys(self) -> ListKeys:
        from shared.usecases.list_keys import ListKeys

        return ListKeys(
            keys=self.api_keys,
            accounts=self.accounts,
            usage_book=self.usage_book,
            clock=self.clock,
        )
