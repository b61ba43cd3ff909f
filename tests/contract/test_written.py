"""What earlier versions wrote is read by this one, and jobs that they left open come to an end.

`written/<version>.json` holds items and messages as that version wrote them. A new one is added
when what is written changes; none is ever changed. Jobs lie there in each way they may stand.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.dynamodb import admissions, batches, items, webhook_items
from shared.adapters.sqs import read_batch_message, read_delivery_message, read_message
from shared.domain.ids import JobId
from shared.domain.public import batch_document, job_document
from tests.contract.samples import NOW
from tests.memory_service import MemoryService
from tests.unit.usecases.living import live

WRITTEN = {
    path.stem: json.loads(path.read_bytes())
    for path in Path(__file__).parent.glob("written/*.json")
}


def all_of(kind: str) -> list[Any]:
    return [
        pytest.param(sample["item"], sample["says"], id=f"{version}: {sample['name']}")
        for version, written in WRITTEN.items()
        for sample in written["items"][kind]
    ]


def still_says(told: Any, says: Any) -> bool:
    """Whether all that was said is said again; fields that are new may stand beside it."""
    if isinstance(says, dict):
        return all(name in told and still_says(told[name], value) for name, value in says.items())
    if isinstance(says, list):
        return len(told) == len(says) and all(map(still_says, told, says))
    return bool(told == says)


def messages_of(kind: str) -> list[str]:
    return [body for written in WRITTEN.values() for body in written["messages"][kind]]


@pytest.mark.parametrize(("item", "says"), all_of("jobs"))
def test_a_job_says_what_it_said(item: Any, says: Any) -> None:
    assert still_says(job_document(items.read_job(item)), says)


@pytest.mark.parametrize(
    ("item", "says"),
    [sample for sample in all_of("jobs") if sample.values[1]["completed_at"] is None],
)
def test_a_job_that_was_left_open_ends(item: Any, says: Any) -> None:
    """At the latest by its deadlines: no provider knows of it here."""
    job, service = items.read_job(item), MemoryService()
    service.jobs.add(job)

    live(service, hours=27, step=300)

    after = service.jobs.get(job.id)
    assert (after.id, after.is_terminal) == (says["id"], True)


@pytest.mark.parametrize(("item", "says"), all_of("jobs"))
def test_the_watch_finds_what_is_due(item: Any, says: Any) -> None:
    job = items.read_job(item)
    assert ("due_at" in item) == (job.due_at is not None)
    if job.due_at:
        assert items.read_due(item).id == says["id"]


@pytest.mark.parametrize(("item", "says"), all_of("jobs"))
def test_what_a_later_version_writes_besides_is_left_alone(item: Any, says: Any) -> None:
    document = json.loads(item["document"]["S"]) | {"of_a_later_version": [1]}
    later = item | {"document": {"S": json.dumps(document)}, "later": {"N": "1"}}

    assert still_says(job_document(items.read_job(later)), says)


@pytest.mark.parametrize(("item", "says"), all_of("events"))
def test_an_event_keeps_its_id_and_its_bytes(item: Any, says: Any) -> None:
    event = items.read_event(item)

    assert {"id": event.id, "detail": event.detail} == says


@pytest.mark.parametrize(("item", "says"), all_of("keys"))
def test_a_key_opens_for_the_same_tenant(item: Any, says: Any) -> None:
    key = items.read_key(item)

    assert {"id": key.id, "tenant": key.tenant} == says
    assert key.terms.limits.budget == 5_000_000


@pytest.mark.parametrize(("item", "says"), all_of("webhooks"))
def test_an_endpoint_is_where_it_was(item: Any, says: Any) -> None:
    webhook = webhook_items.read_webhook(item)

    assert {"id": webhook.id, "url": webhook.url} == says
    assert len(webhook.live_secrets(NOW)) == 1


@pytest.mark.parametrize(("item", "says"), all_of("deliveries"))
def test_a_delivery_goes_on_with_the_same_bytes(item: Any, says: Any) -> None:
    delivery = webhook_items.read_delivery(item)

    assert {"id": delivery.id, "body": delivery.body, "tried": delivery.tried} == says
    assert len(delivery.tries) == delivery.tried


@pytest.mark.parametrize(("item", "says"), all_of("breakers"))
def test_a_breaker_stays_open(item: Any, says: Any) -> None:
    breaker = items.read_breaker(item)

    assert {"provider": breaker.provider, "failures": breaker.failures} == says
    assert breaker.opened_at


@pytest.mark.parametrize(("item", "says"), all_of("batches"))
def test_a_batch_goes_on_where_it_was(item: Any, says: Any) -> None:
    assert batch_document(batches.read_batch(item)) == says


@pytest.mark.parametrize(("item", "says"), all_of("admissions"))
def test_an_idempotency_key_stands_for_its_answer(item: Any, says: Any) -> None:
    known = admissions.read_admission(item, NOW)

    assert known
    assert {"answer": known.answer} == says


def test_messages_on_their_way_are_understood() -> None:
    for body in messages_of("collect"):
        job_id, hint = read_message(body)
        assert job_id == JobId(json.loads(body)["job_id"])
        assert (hint is not None) == ("task_id" in body)
    for body in messages_of("deliver"):
        assert read_delivery_message(body).startswith("dlv_")
    for body in messages_of("batch"):
        step = read_batch_message(body)
        assert step
        assert step[1].startswith("batch_")
