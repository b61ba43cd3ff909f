"""What goes nowhere: gates that are shut, letters that cannot be written, answers overtaken."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.breaker import Breaker
from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.domain.submission import SubmissionState
from shared.ports.messages import TaskHint
from shared.ports.providers import Order
from tests.memory_service import MemoryService
from tests.unit.usecases.gates import MODEL, World, enter
from tests.unit.usecases.living import Interrupted, interrupt, live, now_of

CANNOT_SAY = Fault(code=ErrorCode.PROVIDER_REJECTED, message="no such size here")


def trip(service: MemoryService, *providers: str, code: ErrorCode) -> None:
    """Put providers out of order, and forget what was remembered of them."""
    for provider in providers:
        for _ in range(5):
            service.provider_gate.report(provider, MODEL, Fault(code=code, message="no"))
    service.time.sleep(6)


# --- every provider of the route


def test_where_every_provider_is_shut_a_job_waits_for_the_first_to_open(
    service: MemoryService,
) -> None:
    trip(service, "apixo", code=ErrorCode.PROVIDER_AUTH)  # for a minute
    trip(service, "oxen", code=ErrorCode.PROVIDER_UNAVAILABLE)  # for half of one
    opens = service.clock.now() - timedelta(seconds=6) + timedelta(seconds=30)

    job = service.admit(provider=("apixo", "oxen"))
    waiting = service.dispatch_attempt(job.id)

    assert (waiting.status, waiting.due_at) == (JobStatus.QUEUED, opens)
    assert waiting.provider == job.provider
    assert service.apixo.tasks == service.oxen.tasks == {}


def test_two_shut_gates_do_not_hide_the_third_that_is_open(service: MemoryService) -> None:
    trip(service, "apixo", "oxen", code=ErrorCode.PROVIDER_AUTH)

    job = service.submit(provider=("apixo", "oxen", "aimlapi"))
    service.deliver_messages()

    job = now_of(service, job)
    (attempt,) = job.attempts
    assert attempt.provider == "aimlapi"
    assert attempt.decision
    assert "it refuses our key" in attempt.decision


def test_who_is_beaten_to_every_trial_waits_a_little_though_all_is_well_by_then() -> None:
    world = World()
    world.has_outage(passed=31)
    gate, rivals, outcomes = world.gate(apixo=1), world.gate(), 4 * [None]

    def rival() -> None:
        """Somebody tries and gives the right back; the last one finds the provider well."""
        world.breakers.before_save = lambda: None
        outcomes.pop()
        enter(rivals)
        busy = Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message="busy")
        rivals.report("apixo", MODEL, busy if outcomes else None)
        world.breakers.before_save = rival

    world.breakers.before_save = rival
    verdict = enter(gate)

    assert world.breaker() == Breaker(
        provider="apixo",
        model=MODEL,
        version=world.breaker().version,
        closed_at=world.clock.now(),
    )
    assert verdict.wait_until == world.clock.now() + timedelta(seconds=15)
    assert verdict.why.startswith("apixo ")
    assert world.places.taken("apixo") == {}


# --- letters that cannot be written


def test_what_a_provider_cannot_be_told_is_refused_unsent_and_unpaid(
    service: MemoryService,
) -> None:
    service.apixo.cannot_say = CANNOT_SAY
    calls: list[Order] = []
    service.apixo.on_submit = calls.append

    job = service.submit(provider="apixo", n=2)

    assert (job.status, job.error, calls) == (JobStatus.FAILED, CANNOT_SAY, [])
    assert job.charged_usd == 0


def test_the_next_provider_is_told_instead(service: MemoryService) -> None:
    service.apixo.cannot_say = CANNOT_SAY

    job = service.submit(provider=("apixo", "oxen"))
    live(service, seconds=60)

    assert [attempt.provider for attempt in now_of(service, job).attempts] == ["apixo", "oxen"]
    assert len(service.oxen.tasks) == 1


def test_who_was_not_called_is_not_held_out_of_order(service: MemoryService) -> None:
    service.apixo.cannot_say = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="no")

    for _ in range(6):
        service.submit(provider="apixo", failover=False)
    service.time.sleep(6)

    assert service.provider_gate.is_healthy("apixo", MODEL)


# --- answers that come in the middle


def test_of_two_callbacks_at_once_the_slower_one_changes_nothing(service: MemoryService) -> None:
    def die(_: Order) -> None:
        raise KeyboardInterrupt

    interrupt(service, service.apixo, die)
    with pytest.raises(KeyboardInterrupt):
        service.submit()
    (job,) = service.jobs.newest("default", limit=1, cursor=None).jobs
    hint = TaskHint(attempt=1, task_id=TaskId("apixo-0"))
    assert isinstance(service.apixo, Interrupted)
    report, faster = service.apixo.report, list[Job]()

    def overtaken(offer: Any, task_ids: Any) -> Any:
        service.apixo.report = report  # the faster one meets nobody
        faster.append(service.recover.adopt(job, hint))
        return report(offer, task_ids)

    service.apixo.report = overtaken
    adopted = service.recover.adopt(job, hint)

    assert [adopted] == faster == [now_of(service, job)]
    assert [s.state for s in adopted.submissions] == [SubmissionState.ACCEPTED]
    assert adopted.task_ids == ("apixo-0",)
