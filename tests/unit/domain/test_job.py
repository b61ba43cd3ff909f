"""The life of a job: what may follow what, that it ends once and for all, and who may send."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.domain.errors import InvalidTransition
from shared.domain.job import Job
from shared.domain.status import TERMINAL, TRANSITIONS, JobStatus
from shared.domain.submission import Submission, SubmissionState
from tests.unit.domain.jobs import (
    NOW,
    OPEN,
    Turn,
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
    sent,
    settled,
)


def test_of_the_five_ends_two_can_be_reopened_and_the_others_lead_nowhere() -> None:
    assert {status: TRANSITIONS[status] for status in TERMINAL} == {
        JobStatus.SUCCEEDED: frozenset(),
        JobStatus.PARTIAL: frozenset(),
        JobStatus.FAILED: {JobStatus.QUEUED},
        JobStatus.CANCELLED: frozenset(),
        JobStatus.EXPIRED: {JobStatus.QUEUED},
    }


def test_every_state_has_its_transitions_and_an_attempt_never_goes_backwards() -> None:
    order = [JobStatus.SUBMITTING, JobStatus.PROCESSING, JobStatus.STORING]

    assert set(TRANSITIONS) == set(JobStatus)
    assert all(status not in following for status, following in TRANSITIONS.items())
    for step, status in enumerate(order):
        assert not set(order[:step]) & TRANSITIONS[status]


@pytest.mark.parametrize("status", OPEN)
def test_an_open_job_can_always_be_called_off_run_out_of_time_or_be_completed(
    status: JobStatus,
) -> None:
    ends = {JobStatus.CANCELLED, JobStatus.EXPIRED, JobStatus.SUCCEEDED}

    assert ends <= TRANSITIONS[status]


def test_from_every_state_that_is_not_final_an_end_can_be_reached() -> None:
    for status in JobStatus:
        reached = {status}
        for _ in JobStatus:
            reached |= {following for one in reached for following in TRANSITIONS[one]}
        assert reached & TERMINAL


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_job_that_has_ended_has_nothing_to_send(status: JobStatus) -> None:
    planned = Submission(
        attempt=1, number=1, provider="oxen", delivery="poll", first_position=0, images_asked=1
    )
    job = replace(claimed(a_job()), status=status, submissions=(planned,))

    assert not job.has_work_to_send
    with pytest.raises(InvalidTransition, match="nothing to send"):
        claimed(job)


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("turn", [accept, refuse, not_sent, lose, finish, fail])
def test_the_state_of_a_job_that_has_ended_never_changes(status: JobStatus, turn: Turn) -> None:
    job = replace(claimed(a_job()), status=status)
    steps: list[Callable[[], Job]] = [
        lambda: answered(job, turn(job.submissions[0])),
        lambda: settled(job, turn(job.submissions[0])),
        lambda: settled(job, turn(job.submissions[0]), images=(an_image(0),)),
        lambda: job.storing(NOW),
        lambda: claimed(job),
    ]
    for step in steps:
        try:
            after = step().status
        except InvalidTransition:
            after = status
        assert after is status


# --- claiming


def test_a_claim_writes_down_every_submission_before_anything_is_sent() -> None:
    job = claimed(a_job(n=10), per_submission=4)

    assert job.status is JobStatus.SUBMITTING
    assert [s.state for s in job.submissions] == [SubmissionState.SENDING] * 3
    assert [s.images_asked for s in job.submissions] == [4, 4, 2]
    assert [s.first_position for s in job.submissions] == [0, 4, 8]
    assert {s.sent_at for s in job.submissions} == {NOW}
    assert job.due_at is not None
    assert job.due_at > NOW


@pytest.mark.parametrize("status", set(JobStatus) - {JobStatus.QUEUED})
def test_only_a_queued_job_can_be_claimed_for_the_first_time(status: JobStatus) -> None:
    with pytest.raises(InvalidTransition):
        claimed(a_job(status))


def test_a_claim_cannot_be_had_twice() -> None:
    with pytest.raises(InvalidTransition):
        claimed(claimed(a_job()))


@pytest.mark.parametrize("turn", [accept, refuse, lose])
def test_what_went_out_is_not_claimed_again(turn: Turn) -> None:
    with pytest.raises(InvalidTransition):
        claimed(sent(turn))


def test_only_what_was_not_sent_is_claimed_again_under_the_same_attempt() -> None:
    before = sent(accept, not_sent)
    after = claimed(before)

    assert [s.state for s in after.submissions] == [
        SubmissionState.ACCEPTED,
        SubmissionState.SENDING,
    ]
    assert (len(after.attempts), after.dispatch_tries) == (1, 2)
    assert after.status is JobStatus.PROCESSING
