"""When one provider has surely failed, the next one may do the job."""

from datetime import timedelta

import pytest

from shared.domain.errors import ErrorCode, FateUnknown, Fault, NotSent, Refused
from shared.domain.job import Job
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.unit.usecases.living import DOWN, LOST, call_back, live, now_of

BOTH = ("apixo", "oxen")
SURE = [
    ErrorCode.PROVIDER_REJECTED,
    ErrorCode.PROVIDER_CREDITS,
    ErrorCode.PROVIDER_AUTH,
    ErrorCode.PROVIDER_UNAVAILABLE,
]
NOBODY_ELSES_EITHER = [
    ErrorCode.CONTENT_POLICY,
    ErrorCode.INVALID_INPUT,
    ErrorCode.REFERENCE_UNREACHABLE,
]


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


def refusal(code: ErrorCode, message: str = "no") -> Refused:
    return Refused(Fault(code=code, message=message))


def made_by(service: MemoryService, job: Job) -> list[str]:
    """Let every provider finish what it has, and return who tried the job in turn."""
    for _ in range(2):
        for provider in (service.apixo, service.oxen, service.aimlapi):
            provider.finish_all()
        live(service, minutes=3)
    return [attempt.provider for attempt in now_of(service, job).attempts]


@pytest.mark.parametrize("code", SURE)
def test_after_a_sure_failure_the_next_provider_does_it(
    service: MemoryService, code: ErrorCode
) -> None:
    service.apixo.errors = [refusal(code)]
    job = service.submit(provider=BOTH)

    live(service, seconds=60)

    assert made_by(service, job) == ["apixo", "oxen"]
    done = now_of(service, job)
    assert (done.status, done.provider, done.delivery) == (JobStatus.SUCCEEDED, "oxen", "poll")


def test_every_attempt_says_in_words_why_it_was_made(service: MemoryService) -> None:
    service.apixo.errors = [refusal(ErrorCode.PROVIDER_CREDITS, "apixo: no credits left")]
    job = service.submit(provider=BOTH)

    made_by(service, job)

    first, second = now_of(service, job).attempts
    assert first.decision == "apixo by callback: asked for by name; should it fail: oxen"
    assert second.decision == "oxen by poll: apixo failed it (apixo: no credits left)"
    assert second.decision in [entry.note for entry in now_of(service, job).timeline]


@pytest.mark.parametrize("code", NOBODY_ELSES_EITHER)
def test_what_is_wrong_with_the_request_is_not_shown_to_the_next(
    service: MemoryService, code: ErrorCode
) -> None:
    service.apixo.errors = [refusal(code)]
    job = service.submit(provider=BOTH)

    live(service, minutes=5)

    assert now_of(service, job).status is JobStatus.FAILED
    assert not service.oxen.tasks


def test_an_unknown_fate_is_no_sure_failure(service: MemoryService) -> None:
    service.apixo.errors = [LOST]
    job = service.submit(provider=BOTH)

    live(service, minutes=20)

    ended = now_of(service, job)
    assert ended.error
    assert (ended.status, ended.error.code) == (JobStatus.FAILED, ErrorCode.AMBIGUOUS_SUBMIT)
    assert not service.oxen.tasks


def test_a_task_that_was_never_finished_is_no_sure_failure(service: MemoryService) -> None:
    job = service.submit(provider=BOTH)

    live(service, minutes=40, step=60)

    ended = now_of(service, job)
    assert ended.error
    assert ended.error.code is ErrorCode.PROVIDER_TIMEOUT
    assert not service.oxen.tasks


def test_an_empty_result_is_a_failure(service: MemoryService) -> None:
    job = service.submit(provider=BOTH)
    service.apixo.finish(next(iter(service.apixo.tasks)), images=0)
    call_back(service)
    service.deliver_messages()

    assert made_by(service, job) == ["apixo", "oxen"]
    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_with_some_of_its_images_a_job_is_partial_and_costs_no_more(
    service: MemoryService,
) -> None:
    job = service.submit(provider=BOTH, n=2)
    service.apixo.finish(next(iter(service.apixo.tasks)), images=1)
    call_back(service)
    live(service, minutes=3)

    assert now_of(service, job).status is JobStatus.PARTIAL
    assert not service.oxen.tasks


def test_whoever_wants_no_failover_gets_none(service: MemoryService) -> None:
    service.apixo.errors = [refusal(ErrorCode.PROVIDER_CREDITS)]
    job = service.submit(provider=BOTH, failover=False)

    live(service, minutes=3)

    assert now_of(service, job).status is JobStatus.FAILED
    assert not service.oxen.tasks


def test_a_provider_that_cannot_be_reached_is_left_after_three_tries(
    service: MemoryService,
) -> None:
    service.apixo.errors = [DOWN] * 10
    job = service.submit(provider=BOTH)

    live(service, minutes=2)

    assert made_by(service, job) == ["apixo", "oxen"]
    assert len(service.apixo.errors) == 7
    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_with_nowhere_else_to_go_a_job_keeps_trying(service: MemoryService) -> None:
    service.apixo.errors = [DOWN] * 4
    job = service.submit(provider="apixo")

    live(service, minutes=5)

    assert made_by(service, job) == ["apixo"]
    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_when_everyone_fails_the_last_reason_stands_and_all_attempts_remain(
    service: MemoryService,
) -> None:
    service.apixo.errors = [refusal(ErrorCode.PROVIDER_CREDITS)]
    service.oxen.errors = [refusal(ErrorCode.PROVIDER_AUTH, "oxen: key revoked")]
    job = service.submit(provider=BOTH)

    live(service, minutes=3)

    ended = now_of(service, job)
    assert ended.error
    assert (ended.status, ended.error.message) == (JobStatus.FAILED, "oxen: key revoked")
    assert [attempt.provider for attempt in ended.attempts] == ["apixo", "oxen"]
    assert ended.charged_usd == 0


def test_a_retry_starts_again_with_the_first_choice(service: MemoryService) -> None:
    service.apixo.errors = [refusal(ErrorCode.PROVIDER_REJECTED)]
    service.oxen.errors = [refusal(ErrorCode.PROVIDER_REJECTED)]
    job = service.submit(provider=BOTH)
    live(service, minutes=1)

    service.retry(now_of(service, job))
    live(service, minutes=1)

    assert made_by(service, job) == ["apixo", "oxen", "apixo"]
    assert now_of(service, job).status is JobStatus.SUCCEEDED


def test_a_job_says_of_its_present_provider_whether_that_is_a_sandbox_and_what_it_will_cost(
    service: MemoryService,
) -> None:
    service.apixo.errors = [refusal(ErrorCode.PROVIDER_CREDITS)]
    job = service.submit(provider=("apixo", "aimlapi"), n=2)
    before = str(service.jobs.get(job.id).estimated_usd)

    live(service, minutes=1)

    assert before == "0.0700" or now_of(service, job).provider == "aimlapi"
    assert str(now_of(service, job).estimated_usd) == "0.084"


class TestForced:
    def test_the_first_provider_is_not_called_and_the_next_one_is(
        self, service: MemoryService
    ) -> None:
        job = service.submit(provider=BOTH, force_failover=True)

        assert made_by(service, job) == ["apixo", "oxen"]
        assert not service.apixo.tasks
        assert now_of(service, job).status is JobStatus.SUCCEEDED

    def test_without_a_next_one_the_job_fails(self, service: MemoryService) -> None:
        job = service.submit(provider="apixo", force_failover=True)

        assert now_of(service, job).status is JobStatus.FAILED


class TestBreaker:
    def break_apixo(self, service: MemoryService) -> None:
        service.apixo.errors = [refusal(ErrorCode.PROVIDER_AUTH)]
        service.submit(provider="apixo")
        service.clock.sleep(6)  # what was read of the breaker is fresh for five seconds

    def test_a_provider_that_is_out_of_order_is_passed_over(self, service: MemoryService) -> None:
        self.break_apixo(service)

        job = service.submit(provider=BOTH)

        assert made_by(service, job) == ["oxen"]
        (attempt,) = now_of(service, job).attempts
        assert attempt.decision
        assert attempt.decision.startswith("oxen by poll: apixo ")

    def test_with_nowhere_else_to_go_a_job_waits_until_it_may_be_tried(
        self, service: MemoryService
    ) -> None:
        self.break_apixo(service)
        calls: list[object] = []
        service.apixo.on_submit = calls.append

        job = service.submit(provider="apixo")
        live(service, seconds=30)
        assert (now_of(service, job).status, calls) == (JobStatus.QUEUED, [])

        live(service, minutes=3)
        assert made_by(service, job) == ["apixo"]
        assert now_of(service, job).status is JobStatus.SUCCEEDED

    def test_a_lost_count_costs_no_answer(self, service: MemoryService) -> None:
        def fails(*_: object, **__: object) -> None:
            raise RuntimeError("the table is out of order")

        service.provider_gate.report = fails  # as if it were
        job = service.submit(provider="apixo")

        assert now_of(service, job).status is JobStatus.PROCESSING


class TestLimit:
    def test_jobs_beyond_the_limit_wait_their_turn(self, service: MemoryService) -> None:
        service.limits = {"oxen": 2}
        jobs = [service.submit(provider="oxen") for _ in range(3)]
        live(service, seconds=20)
        assert len(service.oxen.tasks) == 2

        service.oxen.finish_all()
        live(service, minutes=3)
        service.oxen.finish_all()
        live(service, minutes=1)

        assert {now_of(service, job).status for job in jobs} == {JobStatus.SUCCEEDED}

    def test_a_place_that_was_never_given_back_is_free_in_the_end(
        self, service: MemoryService
    ) -> None:
        service.limits = {"oxen": 1}
        service.places.take("oxen", service.admit().id, limit=1, now=service.clock.now())

        job = service.submit(provider="oxen")
        live(service, minutes=10, step=60)
        assert not service.oxen.tasks

        live(service, minutes=40, step=60)
        assert made_by(service, job) == ["oxen"]

    def test_another_provider_with_room_takes_the_job(self, service: MemoryService) -> None:
        service.limits = {"apixo": 1}
        service.submit(provider="apixo")

        job = service.submit(provider=BOTH)

        assert now_of(service, job).provider == "oxen"


def test_nobody_is_called_twice_for_what_may_have_been_accepted(service: MemoryService) -> None:
    """An unknown submission beside a refused one: the attempt as a whole is not sure to fail."""
    unknown = FateUnknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message="lost"))
    rejected = refusal(ErrorCode.PROVIDER_REJECTED)
    service.oxen.errors = [unknown, rejected, NotSent(rejected.fault)]
    job = service.submit(provider=("oxen", "apixo"), n=8)
    service.deliver_messages()

    live(service, minutes=10, step=60)

    assert [attempt.provider for attempt in now_of(service, job).attempts] == ["oxen"]
    assert not service.apixo.tasks
    assert now_of(service, job).finish_by - job.created_at == timedelta(hours=24)
