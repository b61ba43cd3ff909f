"""Batches: the version is the lock, and the end is announced with the write that makes it."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from shared.domain.batch import Batch, Format, batch_id_of
from shared.domain.errors import AlreadyAdmitted, BatchNotFound, VersionConflict
from shared.domain.events import Event
from shared.ports.intake import Batches
from shared.ports.jobs import Admission, Idempotency, JobStore
from shared.ports.messages import Outbox
from tests.contract.aws import Aws
from tests.contract.samples import KEY, MINUTE, NOW, a_job
from tests.contract.test_races import WRITERS, at_once, wins
from tests.contract.worlds import dynamo_table

SECOND = timedelta(seconds=1)
LISTED = 100


def a_batch(number: int = 0, *, tenant: str = "default", due_at: datetime | None = NOW) -> Batch:
    at = NOW + number * SECOND
    return Batch(
        id=batch_id_of(tenant, str(number).encode()),
        tenant=tenant,
        key_id=KEY,
        name="foxes",
        key="default/batches/foxes.jsonl",
        version_id=None,
        format=Format.JSONL,
        lines=1,
        due_at=due_at,
        created_at=at,
        updated_at=at,
    )


def added(batches: Batches, batch: Batch) -> Batch:
    batches.add(batch)
    return batch


def over(batch: Batch) -> Batch:
    return batch.refused_line(1).stepped(NOW + MINUTE)


def unpublished(outbox: Outbox) -> list[Event]:
    return list(outbox.unpublished(before=NOW + 60 * MINUTE, limit=100))


def test_every_field_is_read_as_it_was_written(batches: Batches) -> None:
    full = replace(
        a_batch(),
        version_id="v1",
        lines=500,
        max_usd=Decimal("12.5"),
        max_in_flight=7,
        next_line=41,
        in_flight=(3, 39, 40),
        accepted=39,
        refused=1,
        succeeded=30,
        failed=6,
        estimated_usd=Decimal("1.365"),
        charged_usd=Decimal("1.05"),
        unknown_charges=2,
        stopped_at=300,
        completed_at=NOW + MINUTE,
    )

    batches.add(full)

    assert batches.get("default", full.id) == full


def test_there_is_one_of_an_id(batches: Batches) -> None:
    first = added(batches, a_batch())

    with pytest.raises(VersionConflict):
        batches.add(replace(first, name="wolves"))
    assert batches.get("default", first.id) == first


def test_another_tenant_does_not_find_it(batches: Batches) -> None:
    batch = added(batches, a_batch())

    with pytest.raises(BatchNotFound):
        batches.get("studio", batch.id)
    assert batches.of_tenant("studio") == []


def test_who_read_an_older_version_writes_nothing(batches: Batches) -> None:
    first = added(batches, a_batch())
    second = first.claimed(NOW)
    batches.save(second, was=first)

    with pytest.raises(VersionConflict):
        batches.save(over(first), was=first)
    assert batches.get("default", first.id) == second


def test_its_end_is_announced_once_with_the_write_that_makes_it(
    batches: Batches, outbox: Outbox
) -> None:
    first = added(batches, a_batch())
    batches.save(first.claimed(NOW), was=first)
    assert unpublished(outbox) == []

    batches.save(over(first.claimed(NOW)), was=first.claimed(NOW))

    (event,) = unpublished(outbox)
    assert event.type == "batch.completed"


def test_an_end_that_was_not_written_is_not_announced(batches: Batches, outbox: Outbox) -> None:
    first = added(batches, a_batch())
    batches.save(first.claimed(NOW), was=first)

    with pytest.raises(VersionConflict):
        batches.save(over(first), was=first)
    assert unpublished(outbox) == []


def test_the_newest_hundred_are_listed_newest_first(batches: Batches) -> None:
    every = [added(batches, a_batch(number)) for number in range(LISTED + 1)]

    assert batches.of_tenant("default") == every[:0:-1]


def test_batches_and_jobs_are_listed_apart(batches: Batches, jobs: JobStore) -> None:
    job = a_job()
    jobs.add(job)
    batch = added(batches, a_batch(tenant=job.tenant))

    assert batches.of_tenant(job.tenant) == [batch]
    assert jobs.newest(job.tenant, limit=10, cursor=None).jobs == (job,)


def test_those_whose_step_is_due_are_found_and_no_others(batches: Batches) -> None:
    due = added(batches, a_batch(0, due_at=NOW))
    theirs = added(batches, a_batch(1, tenant="studio", due_at=NOW - SECOND))
    added(batches, a_batch(2, due_at=NOW + SECOND))
    first = added(batches, a_batch(3, due_at=NOW))
    batches.save(over(first), was=first)

    found = batches.due(before=NOW)

    assert set(found) == {("default", due.id), ("studio", theirs.id)}


@pytest.mark.engine
def test_one_of_many_steps_at_once_is_written(ministack: Aws) -> None:
    batches = dynamo_table(ministack).batches
    first = added(batches, a_batch())
    steps = [first.claimed(NOW + number * SECOND) for number in range(WRITERS)]

    won = at_once(*(partial(wins, batches.save, step, was=first) for step in steps))

    assert won.count(True) == 1


def an_admission(answer: str = "first") -> Admission:
    idempotency = Idempotency(key="key", fingerprint="request")
    return Admission(idempotency=idempotency, answer=answer, expires_at=NOW + 60 * MINUTE)


def test_an_idempotency_key_stands_for_the_batch_that_it_started(
    batches: Batches, jobs: JobStore
) -> None:
    batches.add(a_batch(), admission=an_admission())

    for number in range(2):  # the batch that is there, and another one
        with pytest.raises(AlreadyAdmitted) as known:
            batches.add(a_batch(number), admission=an_admission("second"))
        assert known.value.answer == "first"

    found = jobs.admitted(an_admission().idempotency, now=NOW)
    assert found
    assert found.answer == "first"


def test_another_key_may_stand_for_a_batch_that_is_there(batches: Batches, jobs: JobStore) -> None:
    batches.add(a_batch())

    batches.admit(an_admission(), of=a_batch(), now=NOW)

    with pytest.raises(AlreadyAdmitted) as known:
        batches.admit(an_admission("second"), of=a_batch(), now=NOW)
    assert known.value.answer == "first"
    assert jobs.admitted(an_admission().idempotency, now=NOW)


def test_a_batch_that_is_there_is_started_by_no_other_key(batches: Batches, jobs: JobStore) -> None:
    batches.add(a_batch())

    with pytest.raises(VersionConflict):
        batches.add(a_batch(), admission=an_admission())

    assert jobs.admitted(an_admission().idempotency, now=NOW) is None
