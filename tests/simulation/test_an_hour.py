"""An hour with a receiver that never answers: no job and no other receiver waits for it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from shared.domain.delivery import DeliveryStatus
from shared.domain.ids import JobId
from shared.domain.status import JobStatus
from shared.usecases.endpoint_places import AT_ONCE
from tests.memory_service import NOW, a_wish
from tests.simulation.effects import Plan
from tests.simulation.provider import Habits
from tests.simulation.receivers import Habit
from tests.simulation.surroundings import Weather
from tests.simulation.world import World

HOUR = timedelta(hours=1)
EVERY_SECONDS = 30
WELL = ("https://well.example/", "https://well-too.example/")
MUTE = "https://mute.example/"


def an_hour(*, with_mute: bool) -> World:
    """Let a job come every half minute; everything works but the receivers that do not."""
    world = World(
        seed=5, plan=Plan(), habits=Habits(longest_seconds=20), weather=Weather(), receivers=False
    )
    world.agenda.deepest = 40  # so many functions may be at work at a time
    world.effects.most = 10**9
    world.chronicle.limits = {}
    world.key = world.issue_key(tenant="default", name="hour").key
    world.limits = {}
    for url in WELL:
        world.receivers.register(url, Habit.WELL)
    if with_mute:
        world.receivers.register(MUTE, Habit.MUTE)
    numbers = count()

    def submit() -> None:
        wish = a_wish(provider="apixo", prompt=f"number {next(numbers)}")
        job = world.admit_job(wish, key=world.key, render=str).job
        assert job
        world.send_off(job)
        if world.clock.now() < NOW + HOUR:
            world.agenda.after(EVERY_SECONDS, submit)

    submit()
    world.agenda.run_dry(end=NOW + HOUR + timedelta(minutes=5))
    return world


@pytest.fixture(scope="module")
def hour() -> World:
    return an_hour(with_mute=True)


@pytest.fixture(scope="module")
def quiet_hour() -> World:
    return an_hour(with_mute=False)


def lives(world: World) -> dict[JobId, float]:
    """How many seconds each job took."""
    return {
        job.id: (job.completed_at - job.created_at).total_seconds()
        for job in world.store.all()
        if job.completed_at
    }


def waits(world: World, *urls: str) -> Iterator[float]:
    """How many seconds after its event each delivery arrived."""
    for one in world.delivery_log.rows.values():
        if one.url in urls:
            assert one.status is DeliveryStatus.DELIVERED
            yield (one.tries[-1].at - one.created_at).total_seconds()


def test_every_job_ends_as_soon_as_without_it(hour: World, quiet_hour: World) -> None:
    jobs = hour.store.all()

    assert len(jobs) == len(quiet_hour.store.all()) >= 120
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert max(lives(hour).values()) <= max(lives(quiet_hour).values()) + 5
    average = sum(lives(hour).values()) / len(jobs)
    assert average <= sum(lives(quiet_hour).values()) / len(jobs) + 1


def test_the_other_receivers_hear_as_soon_as_without_it(hour: World, quiet_hour: World) -> None:
    after, before = list(waits(hour, *WELL)), list(waits(quiet_hour, *WELL))

    assert len(after) == len(before) == len(WELL) * 3 * len(hour.store.all())
    assert max(after) <= max(before) + 1


def test_it_takes_up_its_five_places_and_gets_what_it_may(hour: World) -> None:
    """That nobody gets more at once, every post of the simulation checks."""
    mute = [one for one in hour.delivery_log.rows.values() if one.url == MUTE]
    tries = sum(len(one.tries) for one in mute)

    assert {one.status for one in mute} == {DeliveryStatus.PENDING}
    assert 500 < tries < 1.3 * AT_ONCE * HOUR.total_seconds() / 15
