"""Whatever the order, and whatever the caller does meanwhile: what never happens to a job."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import TaskTaken
from shared.domain.ids import TaskId
from shared.domain.image import Look
from shared.domain.job import Job
from shared.domain.status import TRANSITIONS, JobStatus
from shared.domain.submission import Submission, SubmissionState
from tests.unit.domain.jobs import (
    CHECK_AT,
    FAULT,
    NOW,
    a_job,
    accept,
    an_image,
    answered,
    claimed,
    fail,
    finish,
    lose,
    not_sent,
    refuse,
    settled,
)

# --- whatever the order


def next_steps(job: Job) -> Iterator[Callable[[], Job]]:
    """Yield what the use cases may do with such a job."""
    if job.has_work_to_send:
        yield partial(claimed, job)
    for submission in job.current:
        match submission.state:
            case SubmissionState.SENDING:
                for answer in (accept, refuse, lose, not_sent):
                    yield partial(answered, job, answer(submission))
            case SubmissionState.UNKNOWN:
                yield partial(answered, job, accept(submission))
                yield partial(settled, job, fail(submission))
            case SubmissionState.ACCEPTED:
                yield partial(settled, job, fail(submission))
                yield partial(stored, job, submission)
            case _:
                pass


def stored(job: Job, submission: Submission) -> Job:
    job = job if job.status is JobStatus.STORING else job.storing(NOW)
    return settled(
        job,
        finish(submission),
        images=(an_image(submission.first_position, attempt=submission.attempt),),
    )


@settings(deadline=None)
@given(st.integers(1, 4), st.data())
def test_no_order_of_answers_makes_a_second_attempt_or_leaves_an_end(
    n: int, data: st.DataObject
) -> None:
    job = a_job(n=n)
    while len(job.timeline) < 12 and (steps := list(next_steps(job))):
        before, job = job, data.draw(st.sampled_from(steps))()

        assert not before.is_terminal
        assert len(job.attempts) == 1
        assert job.version > before.version
        assert job.is_terminal is not any(s.is_open for s in job.current)
        assert (job.due_at is None) is job.is_terminal
        assert [image.index for image in job.images] == sorted({i.index for i in job.images})
    for earlier, later in pairwise(entry.status for entry in job.timeline):
        assert later in TRANSITIONS[earlier]


# --- whatever the caller does meanwhile


def next_turns(job: Job, at: datetime) -> Iterator[partial[Job]]:
    """Yield what may happen to such a job at that moment: answers, results, wishes, deadlines."""
    if job.has_work_to_send:
        yield partial(claimed, job)
    if job.is_terminal:
        if job.status in {JobStatus.FAILED, JobStatus.EXPIRED}:
            yield partial(job.reopened, at, key_id=job.key_id)
    else:
        yield partial(job.cancelled, at)
        yield partial(job.expired, at, FAULT)
    for submission in job.submissions:
        match submission.state:
            case SubmissionState.SENDING:
                for answer in (accept, refuse, lose, not_sent):
                    yield partial(answered, job, answer(submission))
                yield partial(settled, job, submission.abandoned(FAULT))
            case SubmissionState.UNKNOWN:
                yield partial(answered, job, accept(submission))
                yield partial(settled, job, submission.abandoned(FAULT))
            case SubmissionState.ACCEPTED:
                image = an_image(submission.first_position, attempt=submission.attempt)
                yield partial(settled, job, finish(submission), images=(image,))
                yield partial(settled, job, fail(submission))
                yield partial(settled, job, submission.abandoned(FAULT))
            case _:
                pass


@settings(deadline=None)
@given(st.integers(1, 3), st.sampled_from(["fail", "retry"]), st.data())
def test_whatever_happens_an_end_is_left_by_retry_alone_and_nothing_paid_is_forgotten(
    n: int, on_unknown: str, data: st.DataObject
) -> None:
    job = replace(a_job(n=n), on_unknown=on_unknown)
    for _ in range(25):
        turns = list(next_turns(job, NOW))
        if not turns:
            break
        turn = data.draw(st.sampled_from(turns))
        before, job = job, turn()

        assert job.version > before.version
        if before.is_terminal and turn.func.__name__ != "reopened":
            assert (job.status, job.error, job.completed_at) == (
                before.status,
                before.error,
                before.completed_at,
            )
            assert job.late is (before.late or len(job.images) > len(before.images))
        assert set(job.images) >= set(before.images)
        assert set(job.task_ids) >= set(before.task_ids)
        assert len({image.index for image in job.images}) == len(job.images)
        assert job.attempts[: len(before.attempts)] == before.attempts
        assert all(s.images_asked > 0 for s in job.submissions)
        # A job is looked at again exactly as long as anything may come of it.
        assert (job.due_at is None) is (job.is_terminal and not job.followed)
        assert (job.charged_usd is None) or job.is_terminal
        assert not (job.has_work_to_send and job.is_terminal)
    for earlier, later in pairwise(entry.status for entry in job.timeline):
        assert later in TRANSITIONS[earlier]


@settings(deadline=None)
@given(st.data())
def test_a_retried_job_can_always_be_sent_or_is_done(data: st.DataObject) -> None:
    job = a_job(n=2)
    for _ in range(15):
        turns = [turn for turn in next_turns(job, NOW) if turn.func.__name__ != "reopened"]
        if job.status in {JobStatus.FAILED, JobStatus.EXPIRED} or not turns:
            break
        job = data.draw(st.sampled_from(turns))()
    if job.status in {JobStatus.FAILED, JobStatus.EXPIRED}:
        again = job.reopened(NOW, key_id=job.key_id)

        assert again.has_work_to_send is not again.is_terminal
        assert again.is_terminal is (len(job.images) >= job.input.n)
        if again.has_work_to_send:
            sending = claimed(again)
            assert len(sending.attempts) == len(job.attempts) + 1
            assert sum(s.images_asked for s in sending.current) == job.input.n - len(job.images)


def test_one_task_cannot_stand_for_two_submissions() -> None:
    job = claimed(a_job(n=2))
    answers = [s.accepted((TaskId("same"),)) for s in job.submissions]

    with pytest.raises(TaskTaken):
        answered(job, *answers)


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_look_at_an_image_moves_nothing_but_the_image_and_the_version(status: JobStatus) -> None:
    before = replace(a_job(status, n=2), images=(an_image(0), an_image(1)), due_at=CHECK_AT)
    look = Look(verified=True, placeholder="data:image/webp;base64,AAAA")

    seen = before.looked_at({before.images[1].key: look})

    assert seen
    assert seen.images == (before.images[0], before.images[1].looked_at(look))
    assert seen.unseen_images == before.images[:1]
    assert replace(seen, images=before.images, version=before.version) == before
    assert seen.version == before.version + 1


def test_a_second_look_and_one_at_another_image_change_nothing() -> None:
    job = replace(a_job(JobStatus.SUCCEEDED), images=(an_image(0), an_image(1)))
    keys = [image.key for image in job.images]
    first = job.looked_at({keys[0]: Look(verified=False)})
    assert first

    both = first.looked_at(dict.fromkeys(keys, Look(verified=True)))

    assert both
    assert [image.verified for image in both.images] == [False, True]
    assert both.looked_at(dict.fromkeys(keys, Look(verified=True))) is None
    assert job.looked_at({"another": Look(verified=True)}) is None
