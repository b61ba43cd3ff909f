"""Which steps of a job are announced, and under which name."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import ErrorCode, Fault
from shared.domain.events import announcement
from shared.domain.ids import JobId, KeyId
from shared.domain.image import Look
from shared.domain.job import Job
from shared.domain.status import TERMINAL, JobStatus
from shared.domain.wanted import JobInput
from tests.unit.domain.test_image import an_image

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
FAULT = Fault(code=ErrorCode.DEADLINE_FINISH, message="too late")


def a_job(status: JobStatus = JobStatus.QUEUED) -> Job:
    return Job(
        id=JobId("job_1"),
        tenant="default",
        key_id=KeyId("key"),
        status=status,
        model="seedream-4.5",
        provider="apixo",
        delivery="callback",
        input=JobInput(prompt="a fox"),
        created_at=NOW,
        opened_at=NOW,
        updated_at=NOW,
    )


def told(job: Job, *, was: Job | None) -> str | None:
    event = announcement(job, was=was)
    return event.type if event else None


def test_a_new_job_is_announced_as_accepted() -> None:
    assert told(a_job(), was=None) == "job.accepted"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (JobStatus.QUEUED, None),
        (JobStatus.SUBMITTING, None),
        (JobStatus.PROCESSING, "job.submitted"),
        (JobStatus.STORING, None),
        (JobStatus.SUCCEEDED, "job.succeeded"),
        (JobStatus.PARTIAL, "job.partial"),
        (JobStatus.FAILED, "job.failed"),
        (JobStatus.CANCELLED, "job.cancelled"),
        (JobStatus.EXPIRED, "job.expired"),
    ],
)
def test_a_state_that_is_entered_has_a_name_and_one_that_is_kept_has_none(
    status: JobStatus, kind: str | None
) -> None:
    before = a_job(JobStatus.SUBMITTING if status is not JobStatus.SUBMITTING else JobStatus.QUEUED)

    assert told(a_job(status), was=before) == kind
    assert told(a_job(status), was=a_job(status)) is None


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_job_that_is_over_and_gains_images_announces_a_late_result(status: JobStatus) -> None:
    over = a_job(status)

    job = over.settled([], [an_image(1, 0)], at=LATER, check_at=LATER)

    assert told(job, was=over) == "job.late_result"
    assert told(job.settled([], [an_image(1, 0)], at=LATER, check_at=LATER), was=job) is None
    assert job.late


def test_an_open_job_that_gains_images_announces_none_of_them() -> None:
    open_job = a_job(JobStatus.STORING)
    job = replace(open_job, images=(an_image(1, 0),))

    assert told(job, was=open_job) is None


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (lambda job: job.cancelled(LATER), "job.cancelled"),
        (lambda job: job.expired(LATER, FAULT), "job.expired"),
    ],
)
def test_what_ends_a_job_is_told_with_the_version_it_made(
    step: Callable[[Job], Job], kind: str
) -> None:
    job = step(a_job())
    event = announcement(job, was=a_job())

    assert event is not None
    assert (event.type, event.id, event.created_at) == (kind, "evt_1_2", LATER)
    detail = json.loads(event.detail)
    assert (detail["id"], detail["type"]) == (event.id, kind)
    assert detail["data"]["status"] == job.status


def test_an_event_names_the_job_whose_images_nobody_has_looked_at() -> None:
    over = replace(a_job(JobStatus.SUCCEEDED), images=(an_image(1, 0), an_image(1, 1)))
    half = over.looked_at({over.images[0].key: Look(verified=True)})
    assert half
    seen = half.looked_at({over.images[1].key: Look(verified=False)})
    assert seen

    def unseen(job: Job) -> str | None:
        event = announcement(job, was=a_job(JobStatus.STORING))
        assert event
        return event.unseen_job

    assert [unseen(job) for job in (over, half, seen)] == [over.id, over.id, None]
    assert unseen(a_job(JobStatus.FAILED)) is None


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_look_at_an_image_is_not_announced(status: JobStatus) -> None:
    job = replace(a_job(status), images=(an_image(1, 0),))

    seen = job.looked_at({job.images[0].key: Look(verified=True, placeholder="data:")})

    assert seen
    assert told(seen, was=job) is None


def test_a_retry_is_not_announced_and_its_ids_never_repeat() -> None:
    failed = a_job(JobStatus.FAILED)
    again = failed.reopened(LATER, key_id=failed.key_id)

    assert told(again, was=failed) is None
    assert again.version > failed.version
