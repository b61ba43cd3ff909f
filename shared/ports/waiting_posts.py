"""Where the posts are kept that wait for a job."""

from collections.abc import Sequence
from typing import Protocol

from shared.domain.waiting_post import WaitingPost


class WaitingPosts(Protocol):
    """Unanswered jobs by request. JobStore.add writes a row together with its job.

    Every write is conditional on the holder, and means the same when it is repeated.
    """

    def of_request(self, request: str) -> Sequence[WaitingPost]:
        """Return the rows of a request as last written; expired ones may be among them."""
        ...

    def hold(self, held: WaitingPost, *, was: WaitingPost) -> bool:
        """Write another holder over a row; False when it is no longer as read."""
        ...

    def release(self, given_up: WaitingPost) -> bool:
        """End the lease of its holder; False when another post holds the job by now."""
        ...

    def answer(self, held: WaitingPost) -> bool:
        """Remove the row, so that nobody takes up its job again.

        False when another post holds the job by now: then this one must not answer with it.
        """
        ...
