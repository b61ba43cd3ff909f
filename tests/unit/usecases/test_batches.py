"""Many jobs from one file: a few at a time, each line once, and a report at the end."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.memory.table import MemoryApiKeys
from shared.domain.batch import Batch
from shared.domain.edits import Drop
from shared.domain.ids import BatchId
from shared.usecases.hand_out_batches import BatchRounds
from tests.memory_service import MemoryService
from tests.unit.usecases.batch_steps import FILE, go_on, report, rows, start, step
from tests.unit.usecases.living import announced


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def test_every_line_becomes_a_job_and_a_line_of_the_report(service: MemoryService) -> None:
    batch = start(service, rows("a", "b", "c"))

    done = go_on(service, batch)

    assert (done.lines, done.accepted, done.succeeded) == (3, 3, 3)
    assert done.charged_usd == Decimal("0.1050")
    lines = report(service)
    assert [line["line"] for line in lines] == [1, 2, 3]
    assert all(line["job"]["status"] == "succeeded" for line in lines)


def test_its_end_is_announced_once(service: MemoryService) -> None:
    go_on(service, start(service, rows("a", "b")))

    assert announced(service).count("batch.completed") == 1


def test_only_so_many_are_in_flight_at_once(service: MemoryService) -> None:
    batch = start(service, rows(*"abcdefgh"), max_in_flight=3)

    for _ in range(3):
        batch = step(service, batch)

    assert len(batch.in_flight) == 3
    assert len(service.to_dispatch.messages) == 3
    assert go_on(service, batch).succeeded == 8


def test_a_bad_line_stops_no_other(service: MemoryService) -> None:
    content = rows("a") + b'\n{"model": "nonsense", "prompt": "x"}\nno json\n' + rows("b")

    done = go_on(service, start(service, content))

    assert (done.accepted, done.refused, done.succeeded) == (2, 2, 2)
    second, third = report(service)[1:3]
    assert second["error"]["errors"][0]["pointer"] == "/model"
    assert third["error"]["code"] == "invalid_request"


def test_a_line_whose_reference_nothing_follows_is_refused_for_that_by_name(
    service: MemoryService,
) -> None:
    content = rows("a") + b"\n" + rows("b", images=["https://127.0.0.1/a.png"])

    done = go_on(service, start(service, content))

    assert (done.accepted, done.refused, done.succeeded) == (1, 1, 1)
    (error,) = report(service)[1]["error"]["errors"]
    assert (error["pointer"], error["code"]) == ("/images/0", "invalid_reference")


def test_the_money_that_was_named_is_not_exceeded(service: MemoryService) -> None:
    batch = start(service, rows(*"abcd"), max_usd=Decimal("0.08"))

    done = go_on(service, batch)

    assert (done.accepted, done.refused) == (2, 2)
    assert done.estimated_usd == Decimal("0.0700")
    assert [line.get("error", {}).get("code") for line in report(service)[2:]] == ["max_usd"] * 2


def test_the_same_file_twice_makes_nothing_twice(service: MemoryService) -> None:
    first = go_on(service, start(service, rows("a", "b")))
    again = start(service, rows("a", "b"), key="batches/other name.jsonl")

    assert again == first
    assert len(service.apixo.tasks) == 2


def test_a_step_that_died_is_taken_again_and_sends_nothing_twice(service: MemoryService) -> None:
    batch = start(service, rows("a", "b"))
    save, calls = service.batches.save, []

    def dies(batch: Batch, *, was: Batch) -> None:
        calls.append(batch)
        if len(calls) == 2:
            raise RuntimeError("killed before the step was written down")
        save(batch, was=was)

    service.batches.save = dies  # a death at the worst moment
    with pytest.raises(RuntimeError):
        step(service, batch)

    done = go_on(service, batch)
    assert (done.accepted, len(service.apixo.tasks)) == (2, 2)


def test_a_file_that_was_dropped_starts_a_batch_with_its_own_bounds(
    service: MemoryService,
) -> None:
    service.drops.drop(FILE, rows("a"), **{"max-usd": "1.5", "max-in-flight": "7"})
    drop = Drop(bucket="uploads", key=FILE, version_id=None, at=service.clock.now())

    batch = service.take_batch(drop)

    assert batch
    assert (batch.max_usd, batch.max_in_flight) == (Decimal("1.5"), 7)
    assert service.to_batches.messages == [(batch.tenant, batch.id)]


def test_a_dropped_file_that_is_none_is_reported_beside_it(service: MemoryService) -> None:
    service.drops.drop(FILE, b"", **{"max-usd": "much"})
    drop = Drop(bucket="uploads", key=FILE, version_id=None, at=service.clock.now())

    assert service.take_batch(drop) is None
    content = service.drops.read(f"{FILE}.error.json", at_most=9999)
    assert content
    assert "max-usd" in json.loads(content)["detail"]


def test_the_watch_lets_a_batch_go_on(service: MemoryService) -> None:
    batch = start(service, rows("a"))
    service.to_batches.messages.clear()  # the first message got lost

    service.watch_jobs(owner="watch", until=service.clock.now())
    assert not service.to_batches.messages
    until = service.clock.now().replace(minute=1)
    service.watch_jobs(owner="watch", until=until)

    assert (batch.tenant, batch.id) in service.to_batches.messages


def test_with_money_named_what_nobody_has_a_price_for_is_refused(service: MemoryService) -> None:
    unpriced = replace(
        service.catalog,
        models=tuple(
            replace(model, offers=tuple(replace(offer, price=None) for offer in model.offers))
            for model in service.catalog.models
        ),
    )
    service.catalog = unpriced
    bounded = go_on(service, start(service, rows("a"), max_usd=Decimal(1)))
    code = report(service)[0]["error"]["errors"][0]["code"]
    free = go_on(service, start(service, rows("b")))

    assert (bounded.accepted, bounded.refused, code) == (0, 1, "unpriced")
    assert free.accepted == 1


def test_a_batch_that_is_over_takes_no_step(service: MemoryService) -> None:
    done = go_on(service, start(service, rows("a")))

    assert step(service, done) == done


def test_of_two_steps_at_once_one_is_taken(service: MemoryService) -> None:
    batch = start(service, rows("a", "b"))
    get = service.batches.get

    def and_meanwhile(tenant: str, batch_id: BatchId) -> Batch:
        read = get(tenant, batch_id)
        service.batches.get = get
        step(service, batch)
        return read

    service.batches.get = and_meanwhile  # both have read it

    assert step(service, batch) == batch
    assert len(service.to_dispatch.messages) == 2


def test_a_job_that_its_owner_deleted_is_waited_for_no_more(service: MemoryService) -> None:
    batch = step(service, start(service, rows("a", "b")))
    service.deliver_messages()
    service.delete_job(service.cancel_job(service.jobs.get(batch.job_id(1))))
    service.to_collect.messages.clear()

    done = go_on(service, step(service, batch))

    assert (done.accepted, done.succeeded, done.failed) == (2, 1, 0)
    assert report(service)[0]["error"]["code"] == "gone"


def test_a_batch_of_a_key_that_is_no_more_says_so(service: MemoryService) -> None:
    batch = start(service, rows("a"))
    service.api_keys = MemoryApiKeys()

    done = go_on(service, batch)

    assert (done.refused, report(service)[0]["error"]["code"]) == (1, "gone")


def test_the_watch_looks_for_batches_every_other_second(service: MemoryService) -> None:
    batch = start(service, rows("a"))
    service.to_batches.messages.clear()
    rounds, now = BatchRounds(), service.clock.now()

    for seconds in (0, 1, 2, 3, 9, 11):
        at = now + timedelta(seconds=seconds)
        assert service.hand_out_batches(rounds, now=at, before=at + timedelta(minutes=1))

    assert service.to_batches.messages == [(batch.tenant, batch.id)] * 2
