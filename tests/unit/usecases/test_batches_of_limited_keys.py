"""Batches and requests by event under a key with terms: its limits are theirs."""

from typing import Any

from shared.domain.api_key import Terms
from shared.domain.limits import Limits
from shared.usecases.start_batch import BatchWish
from tests.memory_service import MemoryService
from tests.unit.usecases.batch_steps import FILE, go_on, report, rows, step


def started(service: MemoryService, content: bytes, **terms: Any) -> Any:
    service.drops.drop(FILE, content)
    issued = service.issue_key(tenant="default", name="limited", terms=Terms(**terms))
    return service.start_batch(BatchWish(key=FILE), key=issued.key)


def test_a_batch_spends_no_more_than_its_key_may(service: MemoryService) -> None:
    batch = started(service, rows(*"abcd"), limits=Limits(budget=70_000))

    done = go_on(service, batch)

    assert (done.accepted, done.refused, done.succeeded) == (2, 2, 2)
    assert [row.get("error", {}).get("code") for row in report(service)[2:]] == [
        "budget_exceeded",
        "budget_exceeded",
    ]


def test_a_batch_waits_while_its_key_may_have_no_more_under_way(service: MemoryService) -> None:
    batch = started(service, rows(*"abcd"), limits=Limits(max_in_flight=1))

    held_up = step(service, batch)

    assert held_up.accepted == 1
    assert held_up.due_at is not None
    assert held_up.due_at > service.time.now()
    assert go_on(service, held_up).succeeded == 4


def test_lines_for_models_that_the_key_is_not_for_are_refused(service: MemoryService) -> None:
    batch = started(service, rows("a"), models=("seedream-4",))

    done = go_on(service, batch)

    assert (done.accepted, done.refused) == (0, 1)
    assert report(service)[0]["error"]["errors"][0]["pointer"] == "/model"


def test_a_batch_of_a_revoked_key_takes_in_nothing_more(service: MemoryService) -> None:
    batch = started(service, rows("a", "b"))
    service.revoke_key(batch.key_id)

    done = go_on(service, batch)

    assert (done.accepted, done.refused) == (0, 2)
