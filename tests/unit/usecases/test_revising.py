"""Changing a job whatever others write meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import VersionConflict
from shared.domain.job import Job
from shared.usecases.revise import revise
from tests.memory_service import MemoryService


def tagged(tag: str) -> Callable[[Job], Job]:
    return lambda job: replace(job, tags=(*job.tags, tag), version=job.version + 1)


def test_a_change_is_made_to_the_job_as_it_stands(service: MemoryService) -> None:
    job = service.admit()
    revise(service.jobs, job.id, tagged("theirs"))

    revised = revise(service.jobs, job.id, tagged("ours"))

    assert revised.tags == ("theirs", "ours")
    assert service.jobs.get(job.id) == revised


def test_who_was_beaten_changes_what_the_winner_wrote(service: MemoryService) -> None:
    job = service.admit()
    beaten = iter([True, True, False])

    def change(current: Job) -> Job:
        if next(beaten):
            service.jobs.save(tagged("theirs")(current), was=current)
        return tagged("ours")(current)

    assert revise(service.jobs, job.id, change).tags == ("theirs", "theirs", "ours")


def test_who_is_beaten_every_time_gives_up_and_says_so(service: MemoryService) -> None:
    job = service.admit()

    def change(current: Job) -> Job:
        service.jobs.save(tagged("theirs")(current), was=current)
        return tagged("ours")(current)

    with pytest.raises(VersionConflict, match="lost 8 times"):
        revise(service.jobs, job.id, change)

    assert "ours" not in service.jobs.get(job.id).tags


def test_nothing_to_change_is_nothing_written(service: MemoryService) -> None:
    job = service.admit(finish_within=timedelta(minutes=1))

    assert revise(service.jobs, job.id, lambda _: None) == job
    assert service.jobs.get(job.id).version == 1
