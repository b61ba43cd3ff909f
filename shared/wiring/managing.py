"""What is asked and changed afterwards: jobs that exist, and API keys."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.world.messages import Messages
from shared.world.stores import Stores

if TYPE_CHECKING:  # the names of what is returned
    from shared.usecases.authenticate import Authenticate
    from shared.usecases.await_change import AwaitChange
    from shared.usecases.await_end import AwaitEnd
    from shared.usecases.keys import IssueKey, RevokeKey, RotateKey
    from shared.usecases.lifecycle import CancelJob, DeleteJob, RetryJob
    from shared.usecases.list_keys import ListKeys
    from shared.usecases.replay_callbacks import ReplayCallbacks


class Managing(Stores, Messages):
    @cached_property
    def await_change(self) -> AwaitChange:
        from shared.usecases.await_change import AwaitChange

        return AwaitChange(jobs=self.jobs, clock=self.clock)

    @cached_property
    def await_end(self) -> AwaitEnd:
        from shared.usecases.await_end import AwaitEnd

        return AwaitEnd(jobs=self.jobs, clock=self.clock)

    @cached_property
    def cancel_job(self) -> CancelJob:
        from shared.usecases.lifecycle import CancelJob

        return CancelJob(jobs=self.jobs, collect_queue=self.collect_queue, clock=self.clock)

    @cached_property
    def retry_job(self) -> RetryJob:
        from shared.usecases.lifecycle import RetryJob

        return RetryJob(jobs=self.jobs, dispatch_queue=self.dispatch_queue, clock=self.clock)

    @cached_property
    def delete_job(self) -> DeleteJob:
        from shared.usecases.lifecycle import DeleteJob

        return DeleteJob(
            jobs=self.jobs,
            media=self.media,
            archive=self.callback_archive,
            deliveries=self.deliveries,
        )

    @cached_property
    def replay_callbacks(self) -> ReplayCallbacks:
        from shared.usecases.replay_callbacks import ReplayCallbacks

        return ReplayCallbacks(archive=self.callback_archive, collect_queue=self.collect_queue)

    @cached_property
    def authenticate(self) -> Authenticate:
        from shared.usecases.authenticate import Authenticate

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
