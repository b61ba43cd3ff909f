"""Files of batches that are odd, missing or bounded by nonsense; and batches nobody waits for."""

import json
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.api_key import ApiKey, issue
from shared.domain.batch import LARGEST_BYTES, Batch
from shared.domain.edits import Drop
from shared.domain.errors import InvalidRequest
from shared.usecases.start_batch import BatchWish
from shared.usecases.take_batch import is_batch
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.batch_steps import FILE, go_on, report, rows, start, step

LIST = "batches/list.csv"


def dropped(service: MemoryService, **metadata: str) -> Batch | None:
    service.drops.drop(FILE, rows("a"), **metadata)
    return service.take_batch(
        Drop(bucket="uploads", key=FILE, version_id=None, at=service.clock.now())
    )


def told_beside(service: MemoryService) -> str:
    content = service.drops.read(f"{FILE}.error.json", at_most=9999)
    assert content
    return str(json.loads(content)["detail"])


# --- the file


@pytest.mark.parametrize(
    "row", ["seedream-4.5,a fox,1,surplus", "seedream-4.5,a fox"], ids=["more cells", "fewer cells"]
)
def test_a_row_that_does_not_fit_its_columns_stops_no_other(
    service: MemoryService, row: str
) -> None:
    content = f"model,prompt,n\n{row}\nseedream-4.5,a boat,1\n".encode()

    done = go_on(service, start(service, content, key=LIST))

    assert (done.accepted, done.refused, done.succeeded) == (1, 1, 1)
    first, second = report(service, "list")
    assert first["error"]["code"] == "invalid_request"
    assert second["job"]["status"] == "succeeded"


def test_a_table_whose_quotes_do_not_close_is_refused_as_a_whole(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest, match="is no CSV"):
        start(service, b'model,prompt\nseedream-4.5,"a fox\nseedream-4.5,a boat\n', key=LIST)


def test_a_file_that_is_not_there_starts_nothing(service: MemoryService) -> None:
    with pytest.raises(InvalidRequest, match="is not there"):
        service.start_batch(BatchWish(key=FILE), key=service.a_key())

    assert service.batches.of_tenant("default") == []


def test_a_file_may_have_so_many_bytes_and_not_one_more(service: MemoryService) -> None:
    content = rows("a") + b"\n"
    content += b" " * (LARGEST_BYTES - len(content))  # one empty line: many take their time

    assert start(service, content).lines == 1
    with pytest.raises(InvalidRequest, match=f"at most {LARGEST_BYTES} are allowed"):
        start(service, content + b"\n")


# --- dropped into the folder


@pytest.mark.parametrize("key", ["batches/a.jsonl", "batches/of a year/b.csv"])
def test_a_list_under_the_folder_is_a_batch(key: str) -> None:
    assert is_batch(key)


@pytest.mark.parametrize(
    "key", ["batches/a.jsonl.error.json", "batches/", "edits/a.csv", "uploads/default/a.jsonl"]
)
def test_reports_and_what_lies_elsewhere_are_none(key: str) -> None:
    assert not is_batch(key)


def test_without_a_key_to_run_under_a_dropped_file_is_refused(service: MemoryService) -> None:
    service.edits_key_id = None

    assert dropped(service) is None
    assert "no API key is named" in told_beside(service)


@pytest.mark.parametrize("number", ["0", "-1", "1001", "many", "", "1.5", "٣", "9" * 5000])
def test_a_number_in_flight_that_is_none_is_refused(service: MemoryService, number: str) -> None:
    assert dropped(service, **{"max-in-flight": number}) is None
    assert told_beside(service).startswith("max-in-flight must be 1 to 1000")


@pytest.mark.parametrize("number", ["1", "1000"])
def test_from_one_to_a_thousand_may_be_in_flight(service: MemoryService, number: str) -> None:
    batch = dropped(service, **{"max-in-flight": number})

    assert batch
    assert batch.max_in_flight == int(number)


@pytest.mark.parametrize("amount", ["much", "NaN", "Infinity", "-0.01"])
def test_an_amount_that_is_none_is_refused(service: MemoryService, amount: str) -> None:
    assert dropped(service, **{"max-usd": amount}) is None
    assert told_beside(service).startswith("max-usd must be an amount in dollars")


def test_nothing_at_all_may_be_spent(service: MemoryService) -> None:
    batch = dropped(service, **{"max-usd": "0"})

    assert batch
    assert batch.max_usd == Decimal(0)
    assert go_on(service, batch).refused == 1


# --- steps that find little to do


def test_a_batch_that_is_over_takes_no_further_step(service: MemoryService) -> None:
    done = go_on(service, start(service, rows("a")))
    service.bucket.objects.clear()
    wakes = service.wake.calls

    assert step(service, done) == done
    assert (service.bucket.objects, service.wake.calls) == ({}, wakes)


def test_who_finds_another_at_work_leaves_it_to_him(service: MemoryService) -> None:
    batch = start(service, rows("a", "b"), max_in_flight=1)
    save, theirs = service.batches.save, list[Batch]()

    def beaten(batch: Batch, *, was: Batch) -> None:
        service.batches.save = save  # the other is not beaten
        theirs.append(step(service, batch))
        save(batch, was=was)

    service.batches.save = beaten
    found = step(service, batch)

    assert found == batch
    assert service.batches.get(batch.tenant, batch.id) == theirs[0]
    assert len(service.to_dispatch.messages) == 1


def test_a_job_that_its_owner_deletes_keeps_no_batch_from_its_end(service: MemoryService) -> None:
    batch = step(service, start(service, rows("a", "b"), max_in_flight=1))
    (number,) = batch.in_flight
    service.to_dispatch.messages.clear()
    service.delete_job(service.cancel_job(service.jobs.get(batch.job_id(number))))

    done = go_on(service, batch)

    assert (done.accepted, done.succeeded, done.failed) == (2, 1, 0)
    first, second = report(service)
    assert first["error"]["code"] == "gone"
    assert second["job"]["status"] == "succeeded"


def an_unknown_key() -> ApiKey:
    """One whose row was taken out of the table."""
    return issue(tenant="default", name="lost", at=NOW, randomness=bytes(72)).key


def test_a_batch_whose_key_is_no_longer_known_sends_nothing_and_says_why(
    service: MemoryService,
) -> None:
    service.drops.drop(FILE, rows("a", "b"))
    batch = service.start_batch(BatchWish(key=FILE), key=an_unknown_key())

    done = go_on(service, batch)

    assert (done.accepted, done.refused) == (0, 2)
    assert service.apixo.tasks == {}
    assert [line["error"]["code"] for line in report(service)] == ["gone"] * 2


def test_a_file_that_goes_while_it_is_looked_at_is_refused(service: MemoryService) -> None:
    read = service.drops.read

    def gone_meanwhile(key: str, **where: Any) -> bytes | None:
        return None if key == FILE else read(key, **where)

    service.drops.read = gone_meanwhile  # it goes at the worst moment

    with pytest.raises(InvalidRequest, match="is not there any more"):
        start(service, rows("a"))
