"""What answers and results make of a job, and what it says of them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from shared.domain.errors import InvalidTransition
from shared.domain.status import JobStatus
from tests.unit.domain.jobs import (
    CHECK_AT,
    FAULT,
    NOW,
    RETRY_AT,
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

# --- answers


@pytest.mark.parametrize(
    ("turns", "status", "due_at"),
    [
        ((accept,), JobStatus.PROCESSING, CHECK_AT),
        ((lose,), JobStatus.SUBMITTING, CHECK_AT),
        ((not_sent,), JobStatus.QUEUED, RETRY_AT),
        ((refuse,), JobStatus.FAILED, None),
        ((accept, accept), JobStatus.PROCESSING, CHECK_AT),
        ((accept, lose), JobStatus.PROCESSING, CHECK_AT),
        ((accept, refuse), JobStatus.PROCESSING, CHECK_AT),
        ((accept, not_sent), JobStatus.PROCESSING, RETRY_AT),
        ((lose, refuse), JobStatus.SUBMITTING, CHECK_AT),
        ((lose, not_sent), JobStatus.SUBMITTING, RETRY_AT),
        ((refuse, not_sent), JobStatus.QUEUED, RETRY_AT),
        ((refuse, refuse), JobStatus.FAILED, None),
    ],
)
def test_the_most_hopeful_answer_decides_where_a_job_goes(
    turns: tuple[Turn, ...], status: JobStatus, due_at: datetime | None
) -> None:
    for order in (turns, turns[::-1]):
        job = sent(*order)

        assert (job.status, job.due_at) == (status, due_at)


def test_a_lost_answer_that_turns_up_sets_the_job_going() -> None:
    job = sent(lose)

    assert answered(job, accept(job.submissions[0])).status is JobStatus.PROCESSING


@pytest.mark.parametrize("turn", [accept, lose])
def test_a_job_ends_with_its_last_answer_when_the_rest_was_given_up_before(turn: Turn) -> None:
    job = sent(turn, not_sent)
    given_up = job.submissions[0].abandoned(FAULT)
    waiting = settled(job, given_up)
    last = waiting.claim(
        NOW, sending=[s.sending(NOW, fingerprint="") for s in waiting.current if s.is_planned]
    )

    job = answered(last, refuse(last.submissions[1]))

    assert job.status is JobStatus.FAILED
    assert job.submissions[0].may_bring_images  # late, if ever


def test_a_refused_job_says_why_and_cost_nothing() -> None:
    job = sent(refuse)

    assert (job.error, job.charged_usd, job.completed_at) == (FAULT, Decimal(0), NOW)


def test_the_timeline_says_why_a_job_went_back_to_the_queue() -> None:
    job = sent(not_sent)

    assert [(entry.status, entry.note) for entry in job.timeline] == [
        (JobStatus.SUBMITTING, None),
        (JobStatus.QUEUED, FAULT.message),
    ]


def test_a_job_under_way_stays_so_when_its_rest_could_not_be_sent_again() -> None:
    job = sent(accept, not_sent)
    job = claimed(settled(job, fail(job.submissions[0])))

    assert answered(job, not_sent(job.submissions[1])).status is JobStatus.PROCESSING


# --- results


@pytest.mark.parametrize(
    ("turns", "indexes", "status"),
    [
        ((finish, finish), (0, 1), JobStatus.SUCCEEDED),
        ((finish, fail), (0, 1), JobStatus.SUCCEEDED),
        ((finish, fail), (0,), JobStatus.PARTIAL),
        ((fail, finish), (1,), JobStatus.PARTIAL),
        ((finish, finish), (1,), JobStatus.PARTIAL),
        ((fail, fail), (), JobStatus.FAILED),
        ((finish, finish), (), JobStatus.FAILED),
        ((finish, finish), (0, 1, 2, 3), JobStatus.SUCCEEDED),
    ],
)
def test_the_images_decide_how_a_job_ends(
    turns: tuple[Turn, ...], indexes: tuple[int, ...], status: JobStatus
) -> None:
    job = sent(accept, accept).storing(NOW)
    updates = [turn(s) for turn, s in zip(turns, job.submissions, strict=True)]
    job = settled(job, *updates, images=tuple(map(an_image, indexes)))

    assert (job.status, job.completed_at, job.due_at) == (status, NOW, None)
    assert (job.error is None) is (status is JobStatus.SUCCEEDED)


def test_a_job_stays_open_while_any_of_its_submissions_does() -> None:
    job = sent(accept, accept).storing(NOW)
    job = settled(job, finish(job.submissions[0]), images=(an_image(0),))

    assert (job.status, job.due_at, job.charged_usd) == (JobStatus.STORING, CHECK_AT, None)


def test_an_image_that_is_there_stays_and_images_are_in_order() -> None:
    job = sent(accept, accept, accept).storing(NOW)
    job = settled(job, images=(an_image(1), an_image(0)))
    before = job.images
    job = settled(job, images=(replace(an_image(1), bytes=2),))

    assert [image.index for image in before] == [0, 1]
    assert job.images == before


def test_a_charge_that_is_not_known_is_not_zero() -> None:
    job = sent(accept, accept)
    job = settled(job, finish(job.submissions[0]), fail(job.submissions[1]))

    assert job.is_terminal
    assert (job.charged_usd, job.is_cost_complete) == (Decimal("0.04"), False)


def test_of_a_job_whose_charges_are_all_unknown_no_sum_is_told() -> None:
    job = sent(accept, refuse)
    job = settled(job, fail(job.submissions[0]))

    assert job.is_terminal
    assert (job.charged_usd, job.is_cost_complete) == (None, False)


@pytest.mark.parametrize("status", set(JobStatus) - {JobStatus.PROCESSING, JobStatus.STORING})
def test_only_a_job_under_way_goes_on_to_storing(status: JobStatus) -> None:
    with pytest.raises(InvalidTransition):
        a_job(status).storing(NOW)
