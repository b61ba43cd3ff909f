"""The functions behind the queues: a message may come late, and its job may be gone."""

import pytest

from functions.collect.handler import collect
from functions.dispatch.handler import dispatch
from shared.adapters.sqs import write_message
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService


def test_a_message_leads_to_the_job(service: MemoryService) -> None:
    job = service.admit()

    dispatch(service, write_message(job.id, None))
    service.apixo.finish_all()
    collect(service, write_message(job.id, None))

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("work", [collect, dispatch])
def test_a_message_about_a_deleted_job_is_done_with(service: MemoryService, work: object) -> None:
    job = service.submit()
    service.delete_job(service.cancel_job(job))

    work(service, write_message(job.id, None))  # type: ignore[operator]  # one function or the other

    assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()
