"""Give each post of an image a job of its own, and a repeated post the job it has paid for.

A program that got no answer posts again, and few say that they do. So a post first looks for a job
of the same request that is parked: not answered, and held by no post. Only where there is none, it
makes a job.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

from shared.domain.errors import JobNotFound, VersionConflict
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import JobStore
from shared.ports.runtime import Clock, RandomBytes
from shared.ports.waiting_posts import WaitingPosts

_TRIES: Final = 20


class HeldJob(NamedTuple):
    post: WaitingPost
    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldJobs:
    jobs: JobStore
    waiting_posts: WaitingPosts
    clock: Clock
    random_bytes: RandomBytes

    def opened(self, request: str, job_id: JobId, *, until: datetime) -> WaitingPost:
        """Return the row of a new job, to be written together with it."""
        return WaitingPost(
            request=request,
            job_id=job_id,
            holder=self._name(),
            since=self.clock.now(),
            until=until,
        )

    def claim(self, request: str, *, until: datetime, is_retry: bool) -> HeldJob | None:
        """Take up a parked job of this request; None: there is none, make one.

        Raises VersionConflict when other posts are faster too often.

        A post that says that it is a retry may also take over a job that is still held: the one
        whose holder has waited longest, as its connection is the likeliest to be lost.
        """
        for _ in range(_TRIES):
            row = self._first(request, is_retry=is_retry)
            if row is None:
                return None
            post = row.held_by(self._name(), since=self.clock.now(), until=until)
            if not self.waiting_posts.hold(post, was=row):
                continue  # another post was faster: by now other jobs may be parked
            try:
                return HeldJob(post, self.jobs.get(row.job_id))
            except JobNotFound:
                self.waiting_posts.answer(post)  # deleted: nobody need look again
            except Exception:
                self.give_up(post)
                raise
        raise VersionConflict("other posts of the same request were faster each time")

    def answer(self, post: WaitingPost) -> bool:
        """Call this last before the reply: no other post gets the job from then on.

        False: another post has taken the job over, and its result is that post's to give.
        """
        return self.waiting_posts.answer(post)

    def release(self, post: WaitingPost) -> bool:
        """Park the job for the next identical post; False when another post has taken it over."""
        return self.waiting_posts.release(post.given_up(self.clock.now()))

    def give_up(self, post: WaitingPost) -> None:
        """Park the job as far as that can be done: its caller gets an error and posts again."""
        with suppress(Exception):
            self.release(post)

    def _first(self, request: str, *, is_retry: bool) -> WaitingPost | None:
        now = self.clock.now()
        rows = sorted(self.waiting_posts.of_request(request), key=lambda row: row.since)
        parked = (row for row in rows if row.is_parked(now))
        held = (row for row in rows if row.is_held(now) and is_retry)
        return next(chain(parked, held), None)

    def _name(self) -> str:
        return self.random_bytes(8).hex()
