"""OpenAI's image API: a repeated post is paid once, and different calls get their own images."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from shared.domain.api_key import Terms
from shared.domain.errors import Unavailable
from shared.domain.ids import JobId
from shared.domain.limits import Limits
from shared.domain.offers import Catalog
from shared.ports.jobs import JobStore
from tests.http_events import Answer
from tests.memory_service import NOW, MemoryService
from tests.pictures import a_png
from tests.unit.functions.calling import deliver, finish_after
from tests.unit.functions.image_calls import during, edit, generate, job_id_of, jobs_of

NAMED = {"idempotency-key": "order-7"}


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def side_by_side(service: MemoryService, *posts: Callable[[], Answer]) -> list[Answer]:
    """Start each post a second after the one before, while that one waits; answers in order."""
    answers: dict[int, Answer] = {}

    def start(number: int) -> None:
        if number in answers or number == len(posts):
            return
        during(service, 1, lambda: start(number + 1))
        answers[number] = posts[number]()

    for number in range(len(posts)):  # those whose turn never came while another waited
        start(number)
    return [answers[number] for number in range(len(posts))]


class TestAProgramThatSaysNothingOfItsRetries:
    def test_a_job_that_takes_longer_asks_the_client_to_come_again(
        self, service: MemoryService, key: str
    ) -> None:
        answer = generate(service, key)

        assert (answer.status, answer.headers["x-should-retry"]) == (409, "true")
        assert answer.headers["retry-after"] == "1"
        assert (service.clock.now() - NOW).total_seconds() == pytest.approx(25, abs=0.1)
        error = answer.json["error"]
        assert [*error] == ["message", "type", "param", "code", "job_id"]
        assert error["job_id"] == job_id_of(answer) == jobs_of(service)[0].id

    def test_the_repeated_post_gets_the_job_that_was_paid_for(
        self, service: MemoryService, key: str
    ) -> None:
        first, second = generate(service, key), generate(service, key)
        deliver(service)

        third = generate(service, key)

        assert (first.status, second.status, third.status) == (409, 409, 200)
        assert {job_id_of(answer) for answer in (first, second, third)} == {jobs_of(service)[0].id}
        assert len(service.apixo.tasks) == 1

    def test_a_new_call_makes_a_job_whatever_was_answered_before(
        self, service: MemoryService, key: str
    ) -> None:
        finish_after(service, 1)

        one, other = generate(service, key), generate(service, key)

        assert (one.status, other.status) == (200, 200)
        assert job_id_of(one) != job_id_of(other)

    def test_calls_side_by_side_are_jobs_of_their_own_also_when_each_is_repeated(
        self, service: MemoryService, key: str
    ) -> None:
        posts = [partial(generate, service, key)] * 3
        first = side_by_side(service, *posts)
        deliver(service)

        second = [post() for post in posts]

        assert [answer.status for answer in first] == [409] * 3
        assert [answer.status for answer in second] == [200] * 3
        assert {job_id_of(a) for a in first} == {job_id_of(a) for a in second}
        assert len({job_id_of(a) for a in second}) == len(service.apixo.tasks) == 3

    def test_a_job_is_parked_for_ten_minutes(self, service: MemoryService, key: str) -> None:
        first = generate(service, key)
        service.time.sleep(599)
        second = generate(service, key)
        service.time.sleep(601)

        third = generate(service, key)

        assert job_id_of(first) == job_id_of(second) != job_id_of(third)

    def test_a_job_whose_function_died_is_parked_once_its_lease_is_over(
        self, service: MemoryService, key: str
    ) -> None:
        died = died_after(service, 5, lambda: generate(service, key))

        while_leased = generate(service, key, response_format="url")
        service.time.sleep(30)
        later = generate(service, key)

        assert died != job_id_of(while_leased)
        assert job_id_of(later) == died

    def test_a_job_whose_post_ended_in_an_error_is_parked_at_once(
        self, service: MemoryService, key: str
    ) -> None:
        await_end = service.await_end

        def fails(*_: object, **__: object) -> None:
            raise Unavailable("the table does not answer", retry_after_seconds=1)

        service.__dict__["await_end"] = fails
        failed = generate(service, key)
        service.__dict__["await_end"] = await_end
        finish_after(service, 1)

        again = generate(service, key)

        assert (failed.status, again.status) == (503, 200)
        assert job_id_of(failed) == job_id_of(again)
        assert len(jobs_of(service)) == 1

    @pytest.mark.parametrize("lost", ["read", "write"])
    def test_an_outage_after_the_job_is_held_parks_it_at_once(
        self, service: MemoryService, key: str, lost: str
    ) -> None:
        generate(service, key)
        jobs = service.jobs
        if lost == "read":
            failing = wrapped(jobs, "get", before=EndpointConnectionError(endpoint_url="table"))
        else:
            service.store.waiting.clear()
            failing = wrapped(jobs, "add", after=EndpointConnectionError(endpoint_url="table"))
        use(service, failing)
        failed = generate(service, key)
        use(service, jobs)
        made = len(jobs_of(service))

        again = generate(service, key)

        assert (failed.status, again.status) == (503, 409)
        assert len(jobs_of(service)) == made

    def test_another_body_or_another_key_is_another_request(
        self, service: MemoryService, key: str
    ) -> None:
        other = service.issue_key(tenant="default", name="other").text
        generate(service, key)

        generate(service, key, seed=1)
        generate(service, other)

        assert len(jobs_of(service)) == 3

    def test_an_edit_is_known_again_by_what_it_holds_and_not_by_its_dress(
        self, service: MemoryService, key: str
    ) -> None:
        first = edit(service, key, ("image", a_png()), ("n", "1"))

        same = edit(
            service, key, ("n", "1"), ("image", a_png()), boundary="other", file_name="b.png"
        )
        other = edit(service, key, ("image", a_png(4, 4)), ("n", "1"))

        assert job_id_of(same) == job_id_of(first)
        assert job_id_of(other) != job_id_of(first)


def wrapped(
    jobs: JobStore, method: str, *, before: Exception | None = None, after: Exception | None = None
) -> Any:
    """A store whose one method is lost on its way there, or on its way back."""

    def lost(*args: Any, **parts: Any) -> Any:
        if before:
            raise before
        getattr(jobs, method)(*args, **parts)
        raise after or AssertionError

    class Lost:
        def __getattr__(self, name: str) -> Any:
            return lost if name == method else getattr(jobs, name)

    return Lost()


def use(service: MemoryService, jobs: JobStore) -> None:
    service.jobs = jobs
    for built in ("hold_jobs", "admit_job"):
        service.__dict__.pop(built, None)


def died_after(service: MemoryService, seconds: float, post: Callable[[], Answer]) -> str:
    """End a post's function in the middle of its wait; return the id of its job."""

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    during(service, seconds, kill)
    with pytest.raises(Killed):
        post()
    return jobs_of(service)[0].id


class TestAParkedJobIsTakenUpBeforeAnythingCouldRefuse:
    @pytest.mark.parametrize(
        ("limits", "status"),
        [
            (Limits(rate=0.001), 429),
            (Limits(budget=36_000), 402),
            (Limits(max_in_flight=1), 429),
        ],
        ids=["rate", "budget", "in flight"],
    )
    def test_what_a_key_may_do_binds_new_jobs_alone(
        self, service: MemoryService, limits: Limits, status: int
    ) -> None:
        terms = Terms(limits=limits)
        narrow = service.issue_key(tenant="default", name="narrow", terms=terms).text
        first = generate(service, narrow)
        new = generate(service, narrow, seed=3)
        deliver(service)

        again = generate(service, narrow)

        assert new.status == status
        assert (again.status, job_id_of(again)) == (200, job_id_of(first))

    @pytest.mark.parametrize("gone", [{"accesses": {}}, {"catalog": Catalog(())}])
    def test_what_a_deployment_no_longer_has_binds_new_jobs_alone(
        self, service: MemoryService, key: str, gone: dict[str, object]
    ) -> None:
        first = generate(service, key)
        deliver(service)
        service.__dict__ |= gone
        for built in ("admit_job", "open_accesses"):
            service.__dict__.pop(built, None)

        again = generate(service, key)

        assert (again.status, job_id_of(again)) == (200, job_id_of(first))
        assert generate(service, key).status == 400


class TestAnOfficialClient:
    """It counts its retries in x-stainless-retry-count."""

    def test_a_retry_takes_over_the_job_whose_post_still_waits(
        self, service: MemoryService, key: str
    ) -> None:
        lost, retry = side_by_side(
            service,
            lambda: generate(service, key, retries=0),
            lambda: generate(service, key, retries=1),
        )

        assert job_id_of(lost) == job_id_of(retry)
        assert len(service.apixo.tasks) == 1

    def test_who_lost_the_job_waits_out_its_time_and_gets_no_picture(
        self, service: MemoryService, key: str
    ) -> None:
        during(service, 3, lambda: deliver(service))
        lost, retry = side_by_side(
            service,
            lambda: generate(service, key, retries=0),
            lambda: generate(service, key, retries=1),
        )

        assert (lost.status, retry.status) == (409, 200)
        assert (service.clock.now() - NOW).total_seconds() >= 25
        assert "taken it over" in lost.json["error"]["message"]
        assert "x-seedhook-size" not in lost.headers

    def test_a_parked_job_comes_before_one_that_is_held(
        self, service: MemoryService, key: str
    ) -> None:
        parked = generate(service, key, retries=0)

        held, retry = side_by_side(
            service,
            lambda: generate(service, key, retries=0, response_format="url"),
            lambda: generate(service, key, retries=1),
        )

        assert job_id_of(retry) == job_id_of(parked) != job_id_of(held)

    def test_of_those_held_the_one_that_waits_longest_is_taken_over(
        self, service: MemoryService, key: str
    ) -> None:
        oldest, younger, retry = side_by_side(
            service,
            lambda: generate(service, key, retries=0),
            lambda: generate(service, key, retries=0),
            lambda: generate(service, key, retries=2),
        )

        assert job_id_of(retry) == job_id_of(oldest) != job_id_of(younger)

    def test_a_retry_whose_first_post_never_came_makes_a_job(
        self, service: MemoryService, key: str
    ) -> None:
        again, once_more = generate(service, key, retries=1), generate(service, key, retries=2)

        assert job_id_of(again) == job_id_of(once_more)
        assert len(jobs_of(service)) == 1

    def test_a_retry_never_gets_a_picture_that_another_call_was_answered_with(
        self, service: MemoryService, key: str
    ) -> None:
        finish_after(service, 1)
        before = generate(service, key, retries=0)

        lost = generate(service, key, retries=1)

        assert (before.status, lost.status) == (200, 200)
        assert job_id_of(lost) != job_id_of(before)

    def test_three_calls_of_which_one_was_refused_first_get_three_pictures(
        self, service: MemoryService, key: str
    ) -> None:
        """The third's first post was answered 429, so its retry takes another's job over."""
        waits = {0: 0, 1: 0, 2: 1}
        pictures: list[str] = []
        for _ in range(8):  # rounds
            posts = [partial(generate, service, key, retries=count) for count in waits.values()]
            answers = side_by_side(service, *posts)
            deliver(service)
            pictures += [job_id_of(answer) for answer in answers if answer.status == 200]
            waits = {
                call: waits[call] + 1
                for call, answer in zip(waits, answers, strict=True)
                if answer.status != 200
            }

        assert len(set(pictures)) == len(pictures) == 3
        assert len(service.apixo.tasks) == 3


class TestJobsThatAreOver:
    def test_a_deleted_job_is_skipped(self, service: MemoryService, key: str) -> None:
        first = generate(service, key)
        deliver(service)
        service.delete_job(service.jobs.get(JobId(job_id_of(first))))

        second = generate(service, key)

        assert job_id_of(second) != job_id_of(first)
        assert [job.id for job in jobs_of(service)] == [job_id_of(second)]

    def test_a_job_deleted_while_a_post_waits_is_answered_so(
        self, service: MemoryService, key: str
    ) -> None:
        def delete() -> None:
            (job,) = jobs_of(service)
            service.delete_job(service.cancel_job(job))

        during(service, 2, delete)

        answer = generate(service, key)

        assert (answer.status, answer.json["error"]["code"]) == (410, "job_deleted")
        assert answer.headers["x-should-retry"] == "false"

    def test_a_job_whose_images_are_gone_already_is_answered_so(
        self, service: MemoryService, key: str
    ) -> None:
        """A deletion takes the images first, and may be interrupted there."""
        first = generate(service, key)
        deliver(service)
        service.bucket.remove(JobId(job_id_of(first)))

        gone, new = generate(service, key), generate(service, key)

        assert (gone.status, gone.json["error"]["code"]) == (410, "job_deleted")
        assert job_id_of(new) != job_id_of(first)

    def test_a_cancelled_job_is_answered_so(self, service: MemoryService, key: str) -> None:
        first = generate(service, key)
        service.cancel_job(service.jobs.get(JobId(job_id_of(first))))

        again = generate(service, key)

        assert job_id_of(again) == job_id_of(first)
        assert "cancelled" in again.json["error"]["message"]

    def test_a_failure_is_answered_once(self, service: MemoryService, key: str) -> None:
        first = generate(service, key)
        service.cancel_job(service.jobs.get(JobId(job_id_of(first))))
        generate(service, key)

        assert job_id_of(generate(service, key)) != job_id_of(first)


class TestAnIdempotencyKey:
    def test_it_makes_one_job_however_often_it_comes(
        self, service: MemoryService, key: str
    ) -> None:
        first, second = (generate(service, key, headers=NAMED) for _ in range(2))
        deliver(service)

        third, fourth = (generate(service, key, headers=NAMED) for _ in range(2))

        answers = [first, second, third, fourth]
        assert [answer.status for answer in answers] == [409, 409, 200, 200]
        assert {job_id_of(answer) for answer in answers} == {jobs_of(service)[0].id}
        assert ["idempotent-replayed" in a.headers for a in answers] == [False, True, True, True]
        assert "Idempotency-Key" in first.json["error"]["message"]

    def test_another_body_under_the_same_key_is_refused(
        self, service: MemoryService, key: str
    ) -> None:
        generate(service, key, headers=NAMED)

        answer = generate(service, key, headers=NAMED, seed=1)

        assert (answer.status, answer.json["error"]["code"]) == (422, "idempotency_key_reused")

    def test_one_that_is_no_key_is_refused_by_name(self, service: MemoryService, key: str) -> None:
        answer = generate(service, key, headers={"idempotency-key": "ключ"})

        assert answer.status == 400
        assert jobs_of(service) == ()

    def test_posts_with_one_neither_park_nor_claim(self, service: MemoryService, key: str) -> None:
        plain = generate(service, key)
        named = generate(service, key, headers=NAMED)

        again = generate(service, key)

        assert job_id_of(again) == job_id_of(plain) != job_id_of(named)


def test_the_lease_of_a_post_ends_with_its_time(service: MemoryService, key: str) -> None:
    generate(service, key)

    (row,) = service.store.waiting.values()
    assert row.until <= NOW + timedelta(seconds=27)
