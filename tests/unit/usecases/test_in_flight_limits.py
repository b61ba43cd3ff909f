"""No more jobs go to a provider than may be in flight there, and all of it can be seen."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.domain.breaker import BreakerState
from shared.domain.ids import JobId
from shared.usecases.provider_gate import ProviderGate
from tests.unit.usecases.gates import JOB, MODEL, NO_CREDITS, NOW, OTHER, UNREACHABLE, World, enter


@pytest.fixture
def world() -> World:
    return World()


def test_no_more_jobs_go_than_are_allowed_to_be_in_flight(world: World) -> None:
    gate = world.gate(apixo=2)

    assert enter(gate, JOB).may_go
    assert enter(gate, OTHER).may_go
    verdict = enter(gate, JobId("job_3"))

    assert verdict.wait_until == NOW + timedelta(seconds=15)
    assert verdict.why == "2 jobs are in flight at apixo, the most this deployment allows"


def test_one_job_is_told_in_the_singular(world: World) -> None:
    gate = world.gate(apixo=1)
    enter(gate, JOB)

    assert enter(gate, OTHER).why.startswith("1 job is in flight at apixo")


def test_who_leaves_makes_room(world: World) -> None:
    gate = world.gate(apixo=1)
    enter(gate, JOB)

    gate.leave(JOB, "apixo")
    gate.leave(JOB, "apixo")

    assert enter(gate, OTHER).may_go


def test_a_job_that_asks_again_keeps_its_place(world: World) -> None:
    gate = world.gate(apixo=1)

    assert enter(gate, JOB).may_go
    assert enter(gate, JOB).may_go


def test_a_provider_without_a_limit_costs_no_call(world: World) -> None:
    gate = world.gate(oxen=1)
    enter(gate, JOB)
    gate.leave(JOB, "apixo")

    assert world.places.calls == []


def test_where_the_provider_is_out_of_order_no_place_is_taken(world: World) -> None:
    world.has_outage()

    assert not enter(world.gate(apixo=1)).may_go
    assert world.places.calls == []


def test_who_finds_no_place_does_not_use_up_the_one_trial(world: World) -> None:
    world.has_outage(passed=30)
    world.places.take("apixo", OTHER, limit=1, now=world.clock.now())

    assert not enter(world.gate(apixo=1)).may_go
    assert world.breaker().admits(world.clock.now())


def test_every_breaker_is_told_with_its_state(world: World) -> None:
    world.has_outage(NO_CREDITS, passed=60)
    world.gate().report("oxen", MODEL, UNREACHABLE)
    states = world.gate().states()

    assert [(one.provider, state) for one, state in states.breakers] == [
        ("apixo", BreakerState.HALF_OPEN),
        ("oxen", BreakerState.CLOSED),
    ]
    assert states.in_flight == {}


def test_those_in_flight_are_counted_but_not_those_long_gone(world: World) -> None:
    gate = world.gate(apixo=3, oxen=3)
    enter(gate, JOB)
    world.clock.sleep(35 * 60 - 1)
    enter(gate, OTHER)

    assert in_flight(gate) == {"apixo": 2, "oxen": 0}
    world.clock.sleep(1)
    assert in_flight(gate) == {"apixo": 1, "oxen": 0}


def in_flight(gate: ProviderGate) -> Mapping[str, int]:
    return gate.states().in_flight
