"""The life of a job: what may follow what, and that it ends once and for all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import ErrorCode, Fault, InvalidTransition, TaskTaken
from shared.domain.ids import JobId, KeyId, TaskId
from shared.domain.image import Look, StoredImage, image_key
from shared.domain.job import Job
from shared.domain.status import TERMINAL, TRANSITIONS, JobStatus
from shared.domain.submission import Submission, SubmissionState
from shared.domain.wanted import JobInput

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CHECK_AT, RETRY_AT = NOW + timedelta(seconds=20), NOW + timedelta(seconds=5)
FAULT = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="the provider was not there")
OPEN = sorted(set(JobStatus) - TERMINAL)

JOB = JobId("job_1")

type Turn = Callable[[Submission], Submission]


def a_job(status: JobStatus = JobStatus.QUEUED, *, n: int = 1) -> Job:
    return Job(
        id=JOB,
        tenant="default",
        key_id=KeyId("key"),
        status=status,
        model="seedream-4.5",
        provider="oxen",
        delivery="poll",
        input=JobInput(prompt="a fox", n=n),
        created_at=NOW,
        opened_at=NOW,
        updated_at=NOW,
    )


def claimed(job: Job, *, per_submission: int = 1) -> Job:
    plan = job.plan(NOW, per_submission=per_submission)
    waiting = [s for s in plan.current if s.state is SubmissionState.PLANNED]
    return plan.claim(NOW, sending=[s.sending(NOW, fingerprint="as sent") for s in waiting])


def answered(job: Job, *answers: Submission) -> Job:
    return job.answered(answers, at=NOW, check_at=CHECK_AT, retry_at=RETRY_AT)


def settled(job: Job, *updates: Submission, images: tuple[StoredImage, ...] = ()) -> Job:
    return job.settled(updates, images, at=NOW, check_at=CHECK_AT)


def an_image(position: int, *, attempt: int = 1) -> StoredImage:
    return StoredImage(
        index=position,
        attempt=attempt,
        position=position,
        key=image_key(JOB, attempt=attempt, position=position, extension="png"),
        content_type="image/png",
        bytes=1,
        width=1,
        height=1,
        sha256="",
    )


def accept(submission: Submission) -> Submission:
    task_id = TaskId(f"task-{submission.attempt}-{submission.number}")
    return submission.accepted((task_id,))


def refuse(submission: Submission) -> Submission:
    return submission.refused(FAULT, NOW)


def not_sent(submission: Submission) -> Submission:
    return submission.not_sent(FAULT)


def lose(submission: Submission) -> Submission:
    return submission.unknown(FAULT)


def finish(submission: Submission) -> Submission:
    return submission.settled(faults=(), charged=Decimal("0.04"), at=NOW)


def fail(submission: Submission) -> Submission:
    return submission.settled(faults=(FAULT,), charged=None, at=NOW)


def sent(*turns: Turn) -> Job:
    """Return a job with as many submissions as answers, each answered in its way."""
    job = claimed(a_job(n=len(turns)))
    return answered(job, *(turn(s) for turn, s in zip(turns, job.submissions, strict=True)))


# --- the table


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
    assert job.charged_usd is None


@pytest.mark.parametrize("status", set(JobStatus) - {JobStatus.PROCESSING, JobStatus.STORING})
def test_only_a_job_under_way_goes_on_to_storing(status: JobStatus) -> None:
    with pytest.raises(InvalidTransition):
        a_job(status).storing(NOW)


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
            yield partial(job.reopened, at)
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
        again = job.reopened(NOW)

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
