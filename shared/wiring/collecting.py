"""From the provider to the bucket: callbacks are heard, images collected and looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.wiring.sending import Sending

if TYPE_CHECKING:  # the names of what is returned
    from shared.usecases.accept_callback import AcceptCallback
    from shared.usecases.collect_result import CollectResult
    from shared.usecases.make_previews import MakePreviews
    from shared.usecases.recover import Recover


class Collecting(Sending):
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
            deliveries=self.deliveries,
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
    def make_previews(self) -> MakePreviews:
        from shared.usecases.make_previews import MakePreviews

        return MakePreviews(jobs=self.jobs, media=self.media, previewer=self.previewer)
