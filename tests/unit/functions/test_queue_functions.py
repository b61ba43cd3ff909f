"""The functions behind the queues: a message may come late, and its job may be gone."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from functions.collect.handler import collect
from functions.deliver.handler import deliver
from functions.dispatch.handler import dispatch
from functions.preview.handler import preview
from shared.adapters.sqs import write_message
from shared.domain.status import JobStatus
from shared.ports.webhooks import Reply
from shared.usecases.webhooks import Registration
from tests.memory_service import NOW, MemoryService


def test_a_message_leads_to_the_job(service: MemoryService) -> None:
    job = service.admit()

    dispatch(service, write_message(job.id, None))
    service.apixo.finish_all()
    collect(service, write_message(job.id, None), sent_at=NOW)

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_a_message_lets_a_jobs_images_be_looked_at(service: MemoryService) -> None:
    job = service.submit(n=2)
    service.apixo.finish_all()
    service.collect(job.id)

    for _ in range(2):  # the queue delivers twice
        preview(service, write_message(job.id, None))

    assert [image.verified for image in service.jobs.get(job.id).images] == [True, True]


@pytest.mark.parametrize("work", [partial(collect, sent_at=NOW), dispatch, preview])
def test_a_message_about_a_deleted_job_is_done_with(
    service: MemoryService, work: Callable[[MemoryService, str], None]
) -> None:
    job = service.submit()
    service.delete_job(service.cancel_job(job))

    work(service, write_message(job.id, None))

    assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()


def test_a_delivery_message_leads_to_its_receiver(service: MemoryService) -> None:
    service.manage_webhooks.create("default", Registration(url="https://shop.example/?key=x"))
    service.admit()
    service.publish_events(list(service.store.announced.values()))
    (delivery_id,) = service.to_deliver.messages

    for _ in range(2):  # the queue delivers twice
        deliver(service, json.dumps({"delivery_id": delivery_id}))

    assert len(service.receivers.posted) == 1


def test_the_log_says_which_webhook_keeps_failing_and_nothing_of_its_address(
    service: MemoryService, caplog: pytest.LogCaptureFixture
) -> None:
    url = "https://shop.example/?key=x"
    webhook = service.manage_webhooks.create("default", Registration(url=url))
    service.receivers.answers[url] = lambda _: Reply(milliseconds=1, status=500, answer="secret")
    for _ in range(26):
        service.admit()
        service.publish_events(list(service.store.announced.values()))
        deliver(service, json.dumps({"delivery_id": service.to_deliver.messages.popleft()}))
        service.time.sleep(3600)

    written = str([vars(record) for record in caplog.records])
    warnings = [vars(one) for one in caplog.records if one.levelname == "WARNING"]
    assert [one["webhook_id"] for one in warnings] == [webhook.id]
    assert "shop.example" not in written
    assert "secret" not in written
