"""A job that goes out at once is written down together with its claim: one write for both."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.usecases.admit_job import Admitted
from tests.memory_service import MemoryService, a_wish
from tests.unit.usecases.living import live

DOWN = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="no route")


def admitted(service: MemoryService, **wish: Any) -> tuple[Job, Admitted]:
    """Return the job as it lies in the table, and what its admission says."""
    admitted = service.admit_job(
        a_wish(**wish), key=service.a_key(), render=str, claim=service.send_off.claim
    )
    assert admitted.job
    return service.jobs.get(admitted.job.id), admitted


def test_it_lies_there_as_claimed_and_is_announced_as_admitted(service: MemoryService) -> None:
    job, said = admitted(service)

    assert (job.status, job.version) == (JobStatus.SUBMITTING, 2)
    assert job.submissions[0].state is SubmissionState.SENDING
    assert said.job
    assert (said.job.status, said.job.version) == (JobStatus.QUEUED, 1)
    (event,) = service.store.announced.values()
    assert event.type == "job.accepted"
    assert '"version":1' in event.detail.replace(" ", "")


def test_a_crash_before_the_call_leaves_a_fate_unknown_and_nothing_is_sent_again(
    service: MemoryService,
) -> None:
    job, _ = admitted(service)

    live(service, hours=1)

    assert service.apixo.tasks == {}
    failed = service.jobs.get(job.id)
    assert failed.error
    assert (failed.status, failed.error.code) == (JobStatus.FAILED, ErrorCode.AMBIGUOUS_SUBMIT)


def test_who_has_no_time_left_puts_the_claim_back_and_the_job_is_sent_later(
    service: MemoryService,
) -> None:
    _, said = admitted(service)
    assert said.job

    waiting = service.send_off.later(said.job, said.claimed)
    assert (waiting.status, waiting.submissions[0].state) == (
        JobStatus.QUEUED,
        SubmissionState.PLANNED,
    )
    assert service.apixo.tasks == {}

    live(service, minutes=1)

    assert len(service.apixo.tasks) == 1
    assert service.jobs.get(said.job.id).status is JobStatus.PROCESSING


def limit(service: MemoryService) -> None:
    service.limits = {"apixo": 5}


def trip(service: MemoryService) -> None:
    for _ in range(5):
        service.provider_gate.report("apixo", "seedream-4.5", DOWN)


def trip_until_one_may_try(service: MemoryService) -> None:
    trip(service)
    service.time.sleep(60)


def lose_the_signing_key(service: MemoryService) -> None:
    def lost() -> Any:
        raise RuntimeError("no key")

    service.signing_keys = lost


@pytest.mark.parametrize(
    "obstacle",
    [limit, trip, trip_until_one_may_try, lose_the_signing_key],
    ids=lambda f: f.__name__,
)
def test_where_it_is_not_simple_the_job_is_written_first_and_claimed_after(
    service: MemoryService, obstacle: Callable[[MemoryService], None]
) -> None:
    obstacle(service)

    job, said = admitted(service)

    assert said.claimed is None
    assert (job.status, job.version) == (JobStatus.QUEUED, 1)


@pytest.mark.parametrize(
    "wish",
    [
        {"provider": "aimlapi"},
        {"images": ("https://elsewhere.example/a.png",)},
        {"finish_within": timedelta(0)},
    ],
)
def test_what_takes_long_or_is_too_late_is_not_claimed_ahead(
    service: MemoryService, wish: dict[str, Any]
) -> None:
    _, said = admitted(service, **wish)

    assert said.claimed is None
