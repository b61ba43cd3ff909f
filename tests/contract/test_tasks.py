"""Tasks: each belongs to the first job that names it, and to no other ever after."""

from dataclasses import replace

import pytest

from shared.domain.errors import TaskTaken, VersionConflict
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.wanted import JobInput
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from tests.contract.samples import MINUTE, NOW, a_job, claimed, submitted

ALL_DAY = NOW + 1440 * MINUTE
TWO = JobInput(prompt="a fox", n=2)


def waiting(jobs: JobStore, number: int = 0, **fields: object) -> Job:
    """Add a job that waits for its answer."""
    job = a_job(number, **fields)
    jobs.add(job)
    claim = claimed(job, per_submission=1)
    jobs.save(claim, was=job)
    return claim


def tasks(*names: str) -> list[TaskId]:
    return [TaskId(name) for name in names]


def test_the_first_job_that_names_a_task_owns_it(jobs: JobStore) -> None:
    job = waiting(jobs, input=TWO)
    assert jobs.owned("apixo", tasks("1", "2", "3")) == frozenset()

    jobs.save(submitted(job, "1", "2"), was=job)

    assert jobs.owned("apixo", tasks("1", "2", "3")) == {"1", "2"}
    assert jobs.owned("apixo", []) == frozenset()


def test_no_other_job_can_take_it_and_nothing_of_that_write_is_there(
    jobs: JobStore, outbox: Outbox
) -> None:
    first, second = waiting(jobs, 1), waiting(jobs, 2, input=TWO)
    jobs.save(submitted(first, "1"), was=first)
    before = outbox.unpublished(before=ALL_DAY, limit=100)

    with pytest.raises(TaskTaken):
        jobs.save(submitted(second, "2", "1"), was=second)

    assert jobs.get(second.id) == second
    assert jobs.owned("apixo", tasks("1", "2")) == {"1"}
    assert outbox.unpublished(before=ALL_DAY, limit=100) == before
    assert not [due for due in jobs.due(before=ALL_DAY, limit=10) if ("apixo", "2") in due.tasks]


def test_after_a_refusal_the_job_can_be_saved_without_the_task(jobs: JobStore) -> None:
    first, second = waiting(jobs, 1), waiting(jobs, 2)
    jobs.save(submitted(first, "1"), was=first)

    with pytest.raises(TaskTaken):
        jobs.save(submitted(second, "1"), was=second)
    jobs.save(submitted(second, "2"), was=second)

    assert jobs.owned("apixo", tasks("1", "2")) == {"1", "2"}


def test_a_task_stays_its_jobs_own_through_all_that_follows(jobs: JobStore) -> None:
    job = waiting(jobs)
    sent = submitted(job, "1")
    jobs.save(sent, was=job)

    later = sent.postponed(NOW, NOW + MINUTE)
    jobs.save(later, was=sent)

    assert jobs.get(job.id) == later


def test_a_job_may_name_its_own_task_again(jobs: JobStore) -> None:
    job = waiting(jobs)
    sent = submitted(job, "1")
    jobs.save(sent, was=job)
    without = replace(sent, version=sent.version + 1, submissions=())
    jobs.save(without, was=sent)

    again = replace(sent, version=without.version + 1)
    jobs.save(again, was=without)

    assert jobs.get(job.id) == again


def test_the_same_id_at_another_provider_is_another_task(jobs: JobStore) -> None:
    first, second = waiting(jobs, 1, provider="apixo"), waiting(jobs, 2, provider="oxen")
    jobs.save(submitted(first, "1"), was=first)

    jobs.save(submitted(second, "1"), was=second)

    assert jobs.owned("oxen", tasks("1")) == {"1"}
    assert jobs.owned("aimlapi", tasks("1")) == frozenset()


def test_a_task_is_remembered_when_its_job_is_gone(jobs: JobStore) -> None:
    first, second = waiting(jobs, 1), waiting(jobs, 2)
    sent = submitted(first, "1")
    jobs.save(sent, was=first)
    jobs.remove(sent)

    with pytest.raises(TaskTaken):
        jobs.save(submitted(second, "1"), was=second)


def test_who_is_too_late_hears_that_first(jobs: JobStore) -> None:
    first, second = waiting(jobs, 1), waiting(jobs, 2)
    jobs.save(submitted(first, "1"), was=first)
    jobs.save(replace(second, version=second.version + 1), was=second)

    with pytest.raises(VersionConflict):
        jobs.save(submitted(second, "1"), was=second)


@pytest.mark.parametrize("task_id", ["täsk/1", "a#task", "🦊", 200 * "x"])
def test_any_id_that_a_provider_gives_is_kept_as_it_is(jobs: JobStore, task_id: str) -> None:
    job = waiting(jobs)

    jobs.save(submitted(job, task_id), was=job)

    assert jobs.owned("apixo", tasks(task_id, "task")) == {task_id}
