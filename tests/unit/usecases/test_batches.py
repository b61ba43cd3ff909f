"""Many jobs from one file: a few at a time, each line once, and a report at the end."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.adapters.memory.table import MemoryApiKeys
from shared.api.requests import JobRequest, read
from shared.domain.batch import Batch
from shared.domain.edits import Drop
from shared.domain.errors import InvalidRequest
from shared.domain.ids import BatchId
from shared.usecases.admit_job import Wish
from shared.usecases.hand_out_batches import BatchRounds
from shared.usecases.start_batch import BatchWish
from tests.memory_service import MemoryService
from tests.unit.usecases.living import announced

FILE = "batches/week 47.jsonl"


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def rows(*prompts: str, **fields: object) -> bytes:
    requests = ({"model": "seedream-4.5", "prompt": prompt, **fields} for prompt in prompts)
    return b"\n".join(json.dumps(request).encode() for request in requests)


def start(service: MemoryService, content: bytes, *, key: str = FILE, **wish: object) -> Batch:
    service.drops.drop(key, content)
    return service.start_batch(BatchWish(key=key, **wish), key=service.a_key())  # type: ignore[arg-type]  # by name


def step(service: MemoryService, batch: Batch) -> Batch:
    def read_wish(request: bytes) -> Wish:
        return read(JobRequest, request).wish(service.clock.now())

    return service.run_batch(batch.tenant, batch.id, read_wish=read_wish)


def go_on(service: MemoryService, batch: Batch) -> Batch:
    """Let steps be taken and everything that was sent be made, until the batch is over."""
    for _ in range(60):
        batch = move(service, batch)
        if batch.is_over:
            return batch
    raise AssertionError(f"{batch.id} does not come to an end")


def move(service: MemoryService, batch: Batch) -> Batch:
    """Let one step be taken, and everything that is in flight after it be made."""
    batch = step(service, batch)
    service.deliver_messages()
    service.apixo.finish_all()
    for number in batch.in_flight:
        service.collect(batch.job_id(number))
    return batch


def report(service: MemoryService, name: str = "week 47") -> list[dict[str, Any]]:
    content = service.bucket.objects[f"batches/{name}.report.jsonl"]
    return [json.loads(line) for line in content.splitlines()]


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


def test_a_row_of_csv_is_a_request_too(service: MemoryService) -> None:
    content = (
        b"model,prompt,n,tags,metadata.sku,custom_id\n"
        b'seedream-4.5,"a fox, in snow",2,"a, b",x-1,row-1\n'
        b"seedream-4.5,a boat,,,,row-2\n"
    )

    go_on(service, start(service, content, key="batches/list.csv"))

    first, second = report(service, "list")
    assert (first["custom_id"], second["custom_id"]) == ("row-1", "row-2")
    job = first["job"]
    assert isinstance(job, dict)
    assert (job["delivered_images"], job["tags"], job["metadata"]) == (
        2,
        ["a", "b"],
        {"sku": "x-1"},
    )


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xff\xfe\xfd", rows("a") + b"\n" + b"{}\n" * 10_001]
)
def test_what_is_no_list_of_requests_is_refused_as_a_whole(
    service: MemoryService, content: bytes
) -> None:
    with pytest.raises(InvalidRequest):
        start(service, content)


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


def test_ten_thousand_lines_are_one_batch(service: MemoryService) -> None:
    good = [n for n in range(1, 10_001) if n % 100 == 0]
    lines = [rows(f"number {n}") if n in set(good) else b"no request" for n in range(1, 10_001)]
    batch = start(service, b"\n".join(lines), max_in_flight=1000)
    seen = []

    while not batch.is_over:
        batch = move(service, batch)
        seen.append(batch.next_line)

    assert (batch.lines, batch.succeeded, batch.refused) == (10_000, 100, 9_900)
    assert seen[:3] == [201, 401, 601]  # a step has to end in its function's time
    assert [row["line"] for row in report(service) if "job" in row] == good
    assert [row["line"] for row in report(service)] == list(range(1, 10_001))
    assert announced(service).count("batch.completed") == 1


def test_a_line_more_than_ten_thousand_is_too_many(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest, match="10001 lines"):
        start(service, b"{}\n" * 10_001)


def test_a_prompt_may_hold_what_ends_lines_elsewhere(service: MemoryService) -> None:
    odd = "a\u2028b\u2029c\x85d\x0be\x1cf"
    content = json.dumps({"model": "seedream-4.5", "prompt": odd}, ensure_ascii=False)
    crlf = content.replace("\x0b", "\\u000b").replace("\x1c", "\\u001c").encode() + b"\r\n"

    batch = go_on(service, start(service, b"\xef\xbb\xbf" + crlf + b"\r\n" + crlf))

    assert (batch.lines, batch.succeeded) == (2, 2)
    prompts = {service.jobs.get(batch.job_id(n)).input.prompt for n in (1, 2)}
    assert prompts == {odd}


def test_any_name_of_a_line_comes_back(service: MemoryService) -> None:
    content = rows("a", custom_id=0) + b"\n" + rows("b", custom_id="") + b"\n" + rows("c")

    go_on(service, start(service, content))

    assert [row["custom_id"] for row in report(service)] == ["0", "", None]


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


def test_what_was_counted_is_run_whatever_is_put_there_meanwhile(service: MemoryService) -> None:
    batch = start(service, rows("a", "b"))
    service.drops.drop(FILE, rows("x", "y", "z"))

    done = go_on(service, batch)

    prompts = {service.jobs.get(done.job_id(n)).input.prompt for n in (1, 2)}
    assert (done.succeeded, prompts) == (2, {"a", "b"})


def test_a_batch_whose_file_is_gone_comes_to_an_end(service: MemoryService) -> None:
    batch = step(service, start(service, rows(*"abcd"), max_in_flight=2))
    service.drops.forget(FILE)

    done = go_on(service, batch)

    assert (done.succeeded, done.refused) == (2, 2)
    assert ["job" in row for row in report(service)] == [True, True, False, False]


def test_a_file_that_was_deleted_before_it_was_read_is_told_on_the_bus_alone(
    service: MemoryService,
) -> None:
    drop = Drop(bucket="uploads", key=FILE, version_id="v1", at=service.clock.now())

    assert service.take_batch(drop) is None
    assert announced(service) == ["intake.refused"]
    assert service.drops.read(f"{FILE}.error.json", at_most=10) is None


def test_a_file_that_is_too_large_is_not_read(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest, match="52428801 bytes"):
        start(service, bytes(50 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    "content", [b'model,prompt\n"seedream-4.5,"a', b'model,prompt\nseedream-4.5,"a" fox\n']
)
def test_what_is_no_csv_is_refused_as_a_whole(service: MemoryService, content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no CSV"):
        start(service, content, key="batches/list.csv")


def test_a_row_with_too_many_or_too_few_cells_stops_no_other(service: MemoryService) -> None:
    content = b"model,prompt\nseedream-4.5\nseedream-4.5,a,b\nseedream-4.5,a boat\n"

    done = go_on(service, start(service, content, key="batches/list.csv"))

    assert (done.lines, done.accepted, done.refused) == (3, 1, 2)


def test_an_upload_without_a_name_is_read_as_what_it_holds(service: MemoryService) -> None:
    lists = (rows("a"), b"model,prompt\nseedream-4.5,a fox\n")
    places = (f"uploads/default/01ARZ3NDEKTSV4RRFFQ69G5FA{n}" for n in range(2))

    batches = [start(service, content, key=key) for content, key in zip(lists, places, strict=True)]

    assert [batch.format for batch in batches] == ["jsonl", "csv"]
    assert [go_on(service, batch).succeeded for batch in batches] == [1, 1]


def test_what_is_not_there_is_no_batch(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest, match="is not there"):
        service.start_batch(BatchWish(key=FILE), key=service.a_key())


@pytest.mark.parametrize("number", ["0", "1001", "99999999", "-1", "many", "1.5", ""])
def test_how_many_at_once_is_a_number_up_to_a_thousand(service: MemoryService, number: str) -> None:
    service.drops.drop(FILE, rows("a"), **{"max-in-flight": number})
    drop = Drop(bucket="uploads", key=FILE, version_id=None, at=service.clock.now())

    assert service.take_batch(drop) is None
    content = service.drops.read(f"{FILE}.error.json", at_most=9999)
    assert content
    assert "1 to 1000" in json.loads(content)["detail"]


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
