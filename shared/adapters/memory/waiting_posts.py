"""Waiting posts in memory, under the same rules as in the table."""

from collections.abc import Sequence

from shared.adapters.memory.table import MemoryJobStore
from shared.domain.waiting_post import WaitingPost


class MemoryWaitingPosts:
    def __init__(self, jobs: MemoryJobStore) -> None:
        self._rows = jobs.waiting

    def of_request(self, request: str) -> Sequence[WaitingPost]:
        return [post for (of, _), post in sorted(self._rows.items()) if of == request]

    def hold(self, held: WaitingPost, *, was: WaitingPost) -> bool:
        current = self._current(was)
        if current is None or (current != was and current.holder != held.holder):
            return False
        self._rows[held.request, held.job_id] = held
        return True

    def release(self, given_up: WaitingPost) -> bool:
        if not self._holds(given_up):
            return False
        self._rows[given_up.request, given_up.job_id] = given_up
        return True

    def answer(self, held: WaitingPost) -> bool:
        if not self._holds(held):
            return False
        del self._rows[held.request, held.job_id]
        return True

    def _holds(self, post: WaitingPost) -> bool:
        current = self._current(post)
        return current is not None and current.holder == post.holder

    def _current(self, post: WaitingPost) -> WaitingPost | None:
        return self._rows.get((post.request, post.job_id))
