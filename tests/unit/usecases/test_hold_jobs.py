"""Which job a post holds when others want the same one at the same moment."""

from datetime import timedelta

import pytest

from shared.domain.errors import VersionConflict
from shared.domain.waiting_post import WaitingPost
from shared.usecases.hold_jobs import HoldJobs
from tests.memory_service import NOW, MemoryService

REQUEST = "digest"
UNTIL = NOW + timedelta(seconds=27)


def parked_jobs(service: MemoryService, count: int) -> list[WaitingPost]:
    """Jobs of one request whose posts have given up."""
    posts = []
    for _ in range(count):
        job = service.admit()
        service.time.sleep(1)
        post = service.hold_jobs.opened(REQUEST, job.id, until=UNTIL)
        service.store.waiting[REQUEST, job.id] = post
        service.hold_jobs.release(post)
        posts.append(post)
    return posts


def others_take(service: MemoryService, count: int) -> HoldJobs:
    """Use cases that lose the first races: another post claims between their read and write."""
    rival, rows = service.hold_jobs, service.waiting_posts

    class Beaten:
        left = count
        of_request, release, answer = rows.of_request, rows.release, rows.answer

        def hold(self, held: WaitingPost, *, was: WaitingPost) -> bool:
            if self.left:
                self.left -= 1
                rival.claim(REQUEST, until=UNTIL, is_retry=False)
            return rows.hold(held, was=was)

    return HoldJobs(
        jobs=service.jobs,
        waiting_posts=Beaten(),
        clock=service.clock,
        random_bytes=service.random_bytes,
    )


def test_the_oldest_parked_job_comes_first(service: MemoryService) -> None:
    first, second = parked_jobs(service, 2)

    claimed = [service.hold_jobs.claim(REQUEST, until=UNTIL, is_retry=False) for _ in range(3)]

    assert [held.job.id if held else None for held in claimed] == [
        first.job_id,
        second.job_id,
        None,
    ]


def test_who_is_beaten_takes_the_next_job(service: MemoryService) -> None:
    _, second = parked_jobs(service, 2)

    held = others_take(service, 1).claim(REQUEST, until=UNTIL, is_retry=False)

    assert held
    assert held.job.id == second.job_id


def test_who_is_beaten_everywhere_makes_a_job(service: MemoryService) -> None:
    parked_jobs(service, 2)

    assert others_take(service, 2).claim(REQUEST, until=UNTIL, is_retry=False) is None


def test_who_is_beaten_each_time_is_told_to_come_again(service: MemoryService) -> None:
    parked_jobs(service, 20)

    with pytest.raises(VersionConflict):
        others_take(service, 20).claim(REQUEST, until=UNTIL, is_retry=False)


def test_each_post_has_a_name_of_its_own(service: MemoryService) -> None:
    first, second = parked_jobs(service, 2)

    assert first.holder != second.holder
