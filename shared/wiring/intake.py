"""Jobs that come as files or events: pictures, requests and batches."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.wiring.sending import Sending

if TYPE_CHECKING:  # the names of what is returned
    from shared.domain.api_key import ApiKey
    from shared.domain.ids import KeyId
    from shared.usecases.hand_out_batches import HandOutBatches
    from shared.usecases.refuse_intake import RefuseIntake
    from shared.usecases.run_batch import RunBatch
    from shared.usecases.start_batch import StartBatch
    from shared.usecases.take_batch import TakeBatch
    from shared.usecases.take_drop import TakeDrop
    from shared.usecases.take_request import TakeRequest


class Intake(Sending):
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
    def take_batch(self) -> TakeBatch:
        from shared.usecases.take_batch import TakeBatch

        return TakeBatch(
            start_batch=self.start_batch,
            folder=self.drop_folder,
            refuse=self.refuse_intake,
            find_key=self._edits_key,
        )

    @cached_property
    def start_batch(self) -> StartBatch:
        from shared.usecases.start_batch import StartBatch

        return StartBatch(
            folder=self.drop_folder,
            jobs=self.jobs,
            batches=self.batches,
            batch_queue=self.batch_queue,
            clock=self.clock,
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
