"""What is a list of requests, line by line, and what becomes of one that is none."""

import json

import pytest

from shared.domain.edits import Drop
from shared.domain.errors import InvalidRequest
from shared.usecases.start_batch import BatchWish
from tests.memory_service import MemoryService
from tests.unit.usecases.batch_steps import FILE, go_on, move, report, rows, start, step
from tests.unit.usecases.living import announced


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


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
