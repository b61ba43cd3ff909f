"""Nobody goes to a provider that is out of order, but one who tries whether it still is."""

from datetime import timedelta

import pytest

from shared.domain.breaker import BreakerState
from shared.domain.errors import ErrorCode, Fault, VersionConflict
from shared.domain.ids import JobId
from shared.usecases.provider_gate import Verdict
from tests.unit.usecases.gates import JOB, MODEL, NO_CREDITS, NOW, OTHER, UNREACHABLE, World, enter

REFUSED = Fault(code=ErrorCode.CONTENT_POLICY, message="apixo: not this")


@pytest.fixture
def world() -> World:
    return World()


def test_a_job_may_go_where_nothing_is_known_against_it(world: World) -> None:
    gate = world.gate()

    assert gate.is_healthy("apixo", MODEL)
    assert enter(gate) == Verdict()
    assert enter(gate).may_go


def test_in_good_times_a_process_reads_once_in_five_seconds_and_writes_nothing(
    world: World,
) -> None:
    gate = world.gate()
    for _ in range(50):
        enter(gate)
        gate.is_healthy("oxen", MODEL)
        gate.report("apixo", MODEL, None)
        gate.leave(JOB, "apixo")
        world.clock.sleep(0.2)

    assert world.breakers.calls == ["all", "all"]
    assert world.places.calls == []


def test_a_provider_that_does_not_answer_is_left_alone_and_told_why(world: World) -> None:
    world.has_outage()
    verdict = enter(world.gate())

    assert not verdict.may_go
    assert verdict.wait_until == NOW + timedelta(seconds=30)
    assert verdict.why == (
        "apixo is out of order since 12:03 UTC: 5 calls in a row could not be answered"
    )


def test_an_outage_of_yesterday_is_told_with_its_day(world: World) -> None:
    world.has_outage(NO_CREDITS)
    for _ in range(20):
        world.clock.sleep(3600)
        gate = world.gate()
        enter(gate)
        gate.report("apixo", MODEL, NO_CREDITS)

    assert enter(world.gate()).why == (
        "apixo is out of order since 2026-11-20 12:03 UTC: our credits are used up"
    )


def test_another_model_and_another_provider_are_not_concerned(world: World) -> None:
    world.has_outage()
    gate = world.gate()

    assert not gate.is_healthy("apixo", MODEL)
    assert gate.is_healthy("apixo", "seedream-4")
    assert gate.is_healthy("oxen", MODEL)
    assert enter(gate, model="seedream-4").may_go


def test_another_process_hears_of_an_outage_within_five_seconds(world: World) -> None:
    early = world.gate()
    assert enter(early).may_go
    world.has_outage()

    assert enter(early).may_go
    world.clock.sleep(5)
    assert not enter(early).may_go


def test_after_the_pause_one_job_goes_and_the_others_wait_for_its_outcome(world: World) -> None:
    world.has_outage(passed=30)
    gates = [world.gate() for _ in range(3)]
    assert [gate.is_healthy("apixo", MODEL) for gate in gates] == [True, True, True]

    verdicts = [enter(gate, JobId(f"job_{n}")) for n, gate in enumerate(gates)]

    assert [verdict.may_go for verdict in verdicts] == [True, False, False]
    assert verdicts[1].wait_until == world.clock.now() + timedelta(seconds=15)
    assert verdicts[1].why == (
        "apixo is out of order since 12:03 UTC: 5 calls in a row could not be answered; "
        "another job is trying whether it works again"
    )
    assert not gates[0].is_healthy("apixo", MODEL)


def test_a_trial_that_is_accepted_lets_everyone_through(world: World) -> None:
    world.has_outage(passed=30)
    gate = world.gate()
    enter(gate)

    gate.report("apixo", MODEL, None)

    assert enter(gate, OTHER).may_go
    assert enter(world.gate(), OTHER).may_go
    assert world.told() == ["provider.open", "provider.closed"]


def test_a_trial_in_vain_shuts_the_gate_for_twice_as_long(world: World) -> None:
    world.has_outage(passed=30)
    gate = world.gate()
    enter(gate)

    gate.report("apixo", MODEL, UNREACHABLE)

    assert enter(gate, OTHER).wait_until == world.clock.now() + timedelta(seconds=60)
    assert world.told() == ["provider.open"]


def test_a_prober_that_crashed_blocks_nobody_after_three_minutes(world: World) -> None:
    world.has_outage(passed=30)
    enter(world.gate())

    world.clock.sleep(170)
    assert enter(world.gate(), OTHER).wait_until == world.clock.now() + timedelta(seconds=10)
    world.clock.sleep(10)
    assert enter(world.gate(), OTHER).may_go


def test_whoever_is_written_down_second_does_not_go(world: World) -> None:
    world.has_outage(passed=30)
    late, early = world.gate(apixo=5), world.gate(apixo=5)

    def early_goes() -> None:
        world.breakers.before_save = lambda: None
        assert enter(early, OTHER).may_go

    world.breakers.before_save = early_goes

    assert not enter(late).may_go
    assert world.places.taken("apixo").keys() == {OTHER}


def test_failures_that_are_counted_at_the_same_moment_are_both_counted(world: World) -> None:
    gate, rival = world.gate(), world.gate()

    def rival_fails() -> None:
        world.breakers.before_save = lambda: None
        rival.report("apixo", MODEL, UNREACHABLE)

    world.breakers.before_save = rival_fails
    gate.report("apixo", MODEL, UNREACHABLE)

    assert world.breaker().failures == 2


def test_a_count_that_loses_every_time_is_let_go(world: World) -> None:
    def always_too_late() -> None:
        raise VersionConflict("someone else")

    world.breakers.before_save = always_too_late
    world.gate().report("apixo", MODEL, UNREACHABLE)

    assert world.breakers.all() == []


def test_whoever_cannot_be_written_down_does_not_go(world: World) -> None:
    def always_too_late() -> None:
        raise VersionConflict("someone else")

    world.has_outage(passed=30)
    world.breakers.before_save = always_too_late

    assert enter(world.gate()).wait_until == world.clock.now() + timedelta(seconds=15)


def test_a_refused_request_shows_that_the_provider_is_there(world: World) -> None:
    world.has_outage(passed=30)
    gate = world.gate()
    enter(gate)

    gate.report("apixo", MODEL, REFUSED)

    assert world.breaker().state(world.clock.now()) is BreakerState.CLOSED


def test_calls_that_still_fail_while_the_gate_is_shut_write_nothing(world: World) -> None:
    world.has_outage()
    gate = world.gate()
    world.breakers.calls.clear()

    for _ in range(100):
        gate.report("apixo", MODEL, UNREACHABLE)

    assert world.breakers.calls == ["all"]
