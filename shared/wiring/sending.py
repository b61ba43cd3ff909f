"""From a request to the provider: jobs are admitted, and sent."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.world.messages import Messages
from shared.world.outside import Outside
from shared.world.stores import Stores

if TYPE_CHECKING:  # the names of what is returned
    from shared.usecases.admit_job import AdmitJob
    from shared.usecases.callback_urls import CallbackUrls
    from shared.usecases.dispatch_attempt import DispatchAttempt
    from shared.usecases.hold_jobs import HoldJobs
    from shared.usecases.open_upload import OpenUpload
    from shared.usecases.provider_gate import ProviderGate
    from shared.usecases.references import PrepareReferences
    from shared.usecases.send_off import SendOff
    from shared.usecases.take_in import TakeIn


class Sending(Stores, Messages, Outside):
    @cached_property
    def hold_jobs(self) -> HoldJobs:
        from shared.usecases.hold_jobs import HoldJobs

        return HoldJobs(
            jobs=self.jobs,
            waiting_posts=self.waiting_posts,
            clock=self.clock,
            random_bytes=self.random_bytes,
        )

    @cached_property
    def admit_job(self) -> AdmitJob:
        from shared.usecases.admit_job import AdmitJob
        from shared.usecases.admit_references import AdmitReferences

        return AdmitJob(
            jobs=self.jobs,
            admit_references=AdmitReferences(
                jobs=self.jobs,
                uploads=self.uploads,
                may_reach=self.may_reach,
                edits_tenant=self.edits_tenant,
            ),
            catalog=self.catalog,
            accesses=self.open_accesses,
            is_healthy=self.provider_gate.is_healthy,
            may_reach=self.may_reach,
            clock=self.clock,
            random_bytes=self.random_bytes,
            trace_id=self.trace_id,
        )

    @cached_property
    def open_upload(self) -> OpenUpload:
        from shared.usecases.open_upload import OpenUpload

        return OpenUpload(uploads=self.uploads, clock=self.clock, random_bytes=self.random_bytes)

    @cached_property
    def send_off(self) -> SendOff:
        from shared.usecases.send_off import SendOff

        return SendOff(
            dispatch_attempt=self.dispatch_attempt,
            dispatch_queue=self.dispatch_queue,
            catalog=self.catalog,
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
    def provider_gate(self) -> ProviderGate:
        from shared.usecases.provider_gate import ProviderGate

        return ProviderGate(
            breakers=self.breakers, places=self.places, limits=self.limits, clock=self.clock
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
