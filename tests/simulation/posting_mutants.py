"""Planted bugs of image posts: who holds a job, who may answer with it, when it is parked."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast

from shared.adapters.memory.waiting_posts import MemoryWaitingPosts
from shared.domain.waiting_post import WaitingPost
from shared.usecases.hold_jobs import HeldJob, HoldJobs
from tests.simulation.mutant import Mutant, Original


def _whoever_waits_answers(answer: Original) -> Any:
    def broken(self: MemoryWaitingPosts, held: WaitingPost) -> bool:
        answer(self, held)
        return True

    return broken


def _joined_by_all(claim: Original) -> Any:
    """A post that takes up a parked job gets a row of its own, and leaves the job parked."""
    del claim

    def broken(self: HoldJobs, request: str, *, until: datetime, **_: Any) -> HeldJob | None:
        now, store = self.clock.now(), self.waiting_posts
        parked = [row for row in store.of_request(request) if row.is_parked(now)]
        if not parked:
            return None
        name = self.random_bytes(8).hex()
        post = replace(parked[0].held_by(name, since=now, until=until), request=name)
        cast("Any", store)._inner._rows[name, post.job_id] = post
        return HeldJob(post, self.jobs.get(post.job_id))

    return broken


def _parks_nothing(release: Original) -> Any:
    del release
    return lambda _, __: True


def _forgets_the_lease(is_parked: Original) -> Any:
    """Only a post that gave up by itself parks its job: one whose function died never does."""

    def broken(self: WaitingPost, now: datetime) -> bool:
        return bool(is_parked(self, now)) and self.released

    return broken


def _makes_a_job_each_time(claim: Original) -> Any:
    del claim
    return lambda *_, **__: None


BROKEN_POSTS: Final = (
    Mutant("answered by two posts", MemoryWaitingPosts, "answer", _whoever_waits_answers),
    Mutant("a parked job joined twice", HoldJobs, "claim", _joined_by_all),
    Mutant("a job not parked", MemoryWaitingPosts, "release", _parks_nothing),
    Mutant("a post that died keeps its job", WaitingPost, "is_parked", _forgets_the_lease),
    Mutant("a repeated post makes a job", HoldJobs, "claim", _makes_a_job_each_time),
)
