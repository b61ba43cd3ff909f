"""What follows from a provider's reports, and from its silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.load import load_catalog
from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import JobId, KeyId, TaskId
from shared.domain.job import Job
from shared.domain.reports import (
    Result,
    TaskReport,
    TaskState,
    conclude,
    next_look,
    results,
    without_news,
)
from shared.domain.status import LATE_PATIENCE
from shared.domain.submission import Attempt, Submission, SubmissionState, split
from shared.domain.wanted import JobInput

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PRICED = load_catalog().offer("seedream-4.5", "apixo")
UNPRICED = load_catalog().offer("seedream-4.5", "oxen")
GONE = Fault(code=ErrorCode.RESULT_GONE, message="404")
PAGE = Fault(code=ErrorCode.NOT_AN_IMAGE, message="a page")
POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")


def a_submission(*, first_position: int, images_asked: int) -> Submission:
    return Submission(
        attempt=1,
        number=1,
        provider="oxen",
        delivery="poll",
        first_position=first_position,
        images_asked=images_asked,
    )


def sent(*task_ids: str, asked: int = 1, first: int = 0) -> Submission:
    """A submission accepted at NOW, or not answered when it has no tasks."""
    planned = a_submission(first_position=first, images_asked=asked)
    sending = planned.sending(NOW, fingerprint="")
    return sending.accepted(tuple(map(TaskId, task_ids))) if task_ids else sending


def done(task_id: str, *urls: str, charged: str | None = None) -> TaskReport:
    return TaskReport(
        task_id=TaskId(task_id),
        state=TaskState.SUCCEEDED,
        result_urls=urls,
        charged_usd=None if charged is None else Decimal(charged),
    )


def failed(task_id: str) -> TaskReport:
    return TaskReport(task_id=TaskId(task_id), state=TaskState.FAILED, fault=POLICY)


def pending(task_id: str) -> TaskReport:
    return TaskReport(task_id=TaskId(task_id), state=TaskState.PENDING)


class TestPlaces:
    def test_one_task_for_all_images_gives_them_places_in_its_order(self) -> None:
        submission = sent("a", asked=3)

        places = list(results(submission, [done("a", "x", "y", "z")]))

        assert places == [Result(position=n, url=url) for n, url in enumerate("xyz")]

    def test_a_task_for_each_image_gives_the_place_of_the_task(self) -> None:
        submission = sent("a", "b", "c", asked=3, first=4)

        places = list(results(submission, [done("a", "x"), failed("b"), done("c", "z")]))

        assert places == [Result(position=4, url="x"), Result(position=6, url="z")]

    @given(images=st.integers(1, 10), per_submission=st.integers(1, 4), task_each=st.booleans())
    def test_no_two_images_of_an_attempt_share_a_place(
        self, images: int, per_submission: int, *, task_each: bool
    ) -> None:
        attempt = Attempt(number=1, provider="oxen", delivery="poll", started_at=NOW)
        places: list[int] = []
        for submission in split(images, per_submission=per_submission, attempt=attempt):
            asked = submission.images_asked
            reports = (
                [done(f"{n}", "url") for n in range(asked)]
                if task_each
                else [done("0", *["url"] * asked)]
            )
            places += [result.position for result in results(submission, reports)]

        assert places == list(range(images))

    def test_fewer_or_more_tasks_than_asked_do_no_harm(self) -> None:
        fewer = results(sent("a", asked=2), [done("a", "x")])
        more = results(sent("a", "b"), [done("a", "x"), done("b", "y")])

        assert [result.position for result in fewer] == [0]
        assert [result.position for result in more] == [0, 1]
        assert list(results(sent(), [])) == []


class TestConclusions:
    def conclude(
        self, submission: Submission, *reports: TaskReport, at: datetime = NOW, priced: bool = True
    ) -> Submission:
        offer = PRICED if priced else UNPRICED
        return conclude(submission, reports, offer=offer, not_stored=(), at=at)

    def test_all_there_is_settled_at_the_price_of_what_was_made(self) -> None:
        concluded = self.conclude(sent("a", asked=2), done("a", "x", "y"))

        assert (concluded.state, concluded.faults) == (SubmissionState.SETTLED, ())
        assert (concluded.charged_usd, concluded.settled_at) == (Decimal("0.0700"), NOW)

    def test_what_the_provider_says_it_charged_stands_above_the_price(self) -> None:
        concluded = self.conclude(sent("a"), done("a", "x", charged="0.05"))

        assert concluded.charged_usd == Decimal("0.05")

    def test_a_charge_that_nobody_knows_leaves_the_others_known(self) -> None:
        told, untold = done("a", "x", charged="0.05"), done("b", "y")

        concluded = self.conclude(sent("a", "b", asked=2), told, untold, priced=False)

        assert (concluded.charged_usd, concluded.untold) == (Decimal("0.05"), 1)

    def test_with_no_charge_known_the_sum_is_unknown(self) -> None:
        concluded = self.conclude(
            sent("a", "b", asked=2), done("a", "x"), failed("b"), priced=False
        )

        assert (concluded.charged_usd, concluded.untold) == (None, 2)

    def test_a_failure_is_a_fault_and_costs_what_the_provider_says(self) -> None:
        free = self.conclude(sent("a"), replace(failed("a"), charged_usd=Decimal(0)))
        unknown = self.conclude(sent("a"), failed("a"))

        assert (free.faults, free.charged_usd, free.untold) == ((POLICY,), Decimal(0), 0)
        assert (unknown.faults, unknown.charged_usd, unknown.untold) == ((POLICY,), None, 1)

    def test_too_few_without_a_reason_are_a_fault_of_their_own(self) -> None:
        (fault,) = self.conclude(sent("a", asked=3), done("a", "x")).faults

        assert fault.code is ErrorCode.EMPTY_RESULT
        assert fault.message == "the provider made 1 of 3 images"

    def test_a_reason_that_was_given_is_the_only_one(self) -> None:
        concluded = self.conclude(sent("a", "b", asked=2), done("a", "x"), failed("b"))

        assert concluded.faults == (POLICY,)

    def test_while_one_task_runs_nothing_is_settled(self) -> None:
        submission = sent("a", "b", asked=2)

        assert self.conclude(submission, done("a", "x"), pending("b")) == submission

    @pytest.mark.parametrize("fault", [GONE, PAGE])
    def test_what_could_not_be_stored_is_tried_again(self, fault: Fault) -> None:
        concluded = conclude(sent("a"), [done("a", "x")], offer=PRICED, not_stored=[fault], at=NOW)

        assert (concluded.state, concluded.store_tries) == (SubmissionState.ACCEPTED, 1)
        assert concluded.faults == (fault,)

    @pytest.mark.parametrize(
        ("faults", "tries", "after", "hopeless"),
        [
            ([PAGE], 2, HOUR, False),
            ([PAGE], 3, HOUR, True),
            ([PAGE, GONE], 3, HOUR, False),
            ([GONE], 300, 24 * HOUR - MINUTE, False),
            ([GONE], 1, 24 * HOUR, True),
            ([PAGE, GONE], 1, 24 * HOUR, True),
        ],
    )
    def test_wrong_bytes_are_given_up_after_four_tries_and_links_when_they_are_dead(
        self, faults: list[Fault], tries: int, after: timedelta, *, hopeless: bool
    ) -> None:
        submission = replace(sent("a"), store_tries=tries, unstored_since=NOW)

        concluded = conclude(
            submission, [done("a", "x")], offer=PRICED, not_stored=faults, at=NOW + after
        )

        assert (concluded.state is SubmissionState.SETTLED) is hopeless
        if hopeless:
            assert concluded.faults == tuple(faults)
            assert concluded.charged_usd == Decimal("0.0350")

    def test_an_image_that_stays_away_is_waited_for_five_minutes_and_followed_on(self) -> None:
        first = self.gone(sent("a"), HOUR)
        before = self.gone(first, HOUR + 5 * MINUTE - timedelta(microseconds=1))
        after = self.gone(before, HOUR + 5 * MINUTE)

        assert (first.is_open, before.is_open, after.is_open) == (True, True, False)
        assert after.may_bring_images
        assert (after.faults, after.charged_usd) == ((GONE,), Decimal("0.0350"))

    def test_a_page_beside_it_is_not_what_the_caller_is_told(self) -> None:
        first = self.gone(sent("a", asked=2), HOUR, PAGE, GONE)

        assert self.gone(first, 2 * HOUR, PAGE, GONE).faults == (GONE,)

    def test_silence_meanwhile_does_not_lengthen_the_wait(self) -> None:
        first = self.gone(sent("a"), MINUTE)

        assert without_news(first, NOW + 6 * MINUTE).faults == (GONE,)
        assert not without_news(first, NOW + 6 * MINUTE).is_open

    def test_what_is_known_of_the_cost_stays_known_past_hope(self) -> None:
        first = self.gone(sent("a"), MINUTE)

        assert without_news(first, NOW + LATE_PATIENCE).charged_usd == Decimal("0.0350")

    def test_what_a_part_has_cost_is_known_while_the_rest_is_given_up(self) -> None:
        late = self.conclude(
            sent("a", "b", asked=2),
            done("a", "x", charged="0.05"),
            pending("b"),
            at=NOW + HOUR,
        )

        assert (late.given_up, late.charged_usd, late.untold) == (True, Decimal("0.05"), 1)

    @staticmethod
    def gone(submission: Submission, after: timedelta, *faults: Fault) -> Submission:
        return conclude(
            submission,
            [done("a", "x")],
            offer=PRICED,
            not_stored=faults or [GONE],
            at=NOW + after,
        )


class TestSilence:
    @pytest.mark.parametrize(
        ("submission", "minutes", "code"),
        [
            (sent(), 15, ErrorCode.AMBIGUOUS_SUBMIT),
            (sent().unknown(GONE), 15, ErrorCode.AMBIGUOUS_SUBMIT),
            (sent("a"), 30, ErrorCode.PROVIDER_TIMEOUT),
        ],
        ids=["no answer", "lost answer", "accepted"],
    )
    def test_patience_ends_at_its_minute_and_what_is_known_stays_known(
        self, submission: Submission, minutes: int, code: ErrorCode
    ) -> None:
        end = NOW + minutes * MINUTE

        assert without_news(submission, end - timedelta(microseconds=1)) == submission
        after = without_news(submission, end)

        assert (after.given_up, after.is_open, after.may_bring_images) == (True, False, True)
        assert (after.state, after.task_ids) == (submission.state, submission.task_ids)
        assert [fault.code for fault in after.faults] == [code]
        assert without_news(after, end + HOUR) == after

    @pytest.mark.parametrize("submission", [sent(), sent("a"), sent("a").abandoned(GONE)])
    def test_after_25_hours_there_is_no_hope_and_no_known_cost(
        self, submission: Submission
    ) -> None:
        after = without_news(submission, NOW + LATE_PATIENCE)

        assert (after.state, after.charged_usd) == (SubmissionState.SETTLED, None)
        assert len(after.faults) == 1
        assert not after.may_bring_images

    def test_what_was_never_sent_is_not_awaited(self) -> None:
        planned = a_submission(first_position=0, images_asked=1)

        assert without_news(planned, NOW + 1000 * HOUR) == planned


class TestNextLook:
    def job(self, *submissions: Submission) -> Job:
        return Job(
            id=JobId("job_1"),
            tenant="default",
            key_id=KeyId("key"),
            model="seedream-4.5",
            provider="apixo",
            delivery="callback",
            input=JobInput(prompt="a fox"),
            submissions=submissions,
            created_at=NOW,
            opened_at=NOW,
            updated_at=NOW,
        )

    @pytest.mark.parametrize(
        ("submission", "age", "pause"),
        [
            (sent("a"), timedelta(0), timedelta(seconds=30)),
            (sent("a"), 2 * MINUTE, timedelta(seconds=30)),
            (sent("a"), 8 * MINUTE, 2 * MINUTE),
            (sent("a"), 28 * MINUTE, 2 * MINUTE),  # the deadline
            (sent(), 14 * MINUTE, 1 * MINUTE),  # its own
            (sent("a").abandoned(GONE), 4 * HOUR, 1 * HOUR),
            (sent("a").abandoned(GONE), 24 * HOUR, 1 * HOUR),  # the end of hope
            # An image that did not come is fetched again soon, however long it took.
            (sent("a").not_stored(GONE, NOW + 4 * HOUR), 4 * HOUR, timedelta(seconds=30)),
            (sent("a").not_stored(GONE, NOW), 290 * SECOND, 10 * SECOND),  # its deadline
            (sent("a").not_stored(GONE, NOW).abandoned(GONE), 23 * HOUR, 1 * HOUR),  # its end
        ],
    )
    def test_what_takes_long_is_looked_at_less_often_but_at_each_deadline(
        self, submission: Submission, age: timedelta, pause: timedelta
    ) -> None:
        at = NOW + age

        assert next_look(self.job(submission), at) == at + pause

    @given(seconds=st.integers(0, 25 * 3600 - 1), accepted=st.booleans(), given_up=st.booleans())
    def test_the_next_look_is_ahead_and_no_later_than_the_end_of_hope(
        self, seconds: int, *, accepted: bool, given_up: bool
    ) -> None:
        submission = sent("a") if accepted else sent()
        submission = submission.abandoned(GONE) if given_up else submission
        at = NOW + timedelta(seconds=seconds)

        assert at < next_look(self.job(submission), at) <= NOW + LATE_PATIENCE

    def test_what_this_look_found_out_counts_for_the_next(self) -> None:
        job, at = self.job(sent("a")), NOW + 4 * HOUR
        missed, over = sent("a").not_stored(GONE, at), sent("a").refused(GONE, at)

        assert next_look(job, at, updates=[missed]) == at + 30 * SECOND
        assert next_look(job, at, updates=[over]) == at + HOUR

    def test_a_job_with_nothing_sent_is_looked_at_soon(self) -> None:
        assert next_look(self.job(), NOW) == NOW + timedelta(seconds=30)
