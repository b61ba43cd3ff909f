"""The watch: what no callback reports is found all the same."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from shared.adapters.memory.messages import VirtualClock
from shared.domain.events import Event
from shared.domain.ids import EventId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from shared.ports.providers import Order
from tests.memory_service import NOW, MemoryService
from tests.unit.usecases.living import LOST, spied


class Unasked:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")


UNASKED: Any = Unasked()


def watch(service: MemoryService, *, seconds: float, owner: str = "watch-1") -> int:
    looks = service.watch_jobs(owner=owner, until=service.clock.now() + timedelta(seconds=seconds))
    service.deliver_messages()
    return looks


def status(service: MemoryService, job: Job) -> JobStatus:
    return service.jobs.get(job.id).status


def test_nothing_due_means_one_question_and_out(service: MemoryService) -> None:
    started = service.clock.now()
    service.jobs = service.leases = service.outbox = service.deliveries = UNASKED

    assert watch(service, seconds=600) == 0
    assert service.clock.now() == started


def test_a_polled_result_is_collected_soon_after_it_is_there(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    watch(service, seconds=10)
    assert status(service, job) is JobStatus.PROCESSING

    service.oxen.finish_all()
    watch(service, seconds=4)

    assert status(service, job) is JobStatus.SUCCEEDED


def test_a_lost_callback_is_made_up_for(service: MemoryService) -> None:
    job = service.submit()
    service.apixo.finish_all()  # and its callback never comes

    service.time.sleep(120)
    watch(service, seconds=2)

    assert status(service, job) is JobStatus.SUCCEEDED


def test_a_provider_that_does_not_answer_is_asked_again(service: MemoryService) -> None:
    job = service.submit(provider="oxen")
    service.oxen.finish_all()
    service.oxen.is_silent = True
    watch(service, seconds=10)

    service.oxen.is_silent = False
    watch(service, seconds=10)

    assert status(service, job) is JobStatus.SUCCEEDED


def test_a_finished_task_is_handed_on_once_not_at_every_look(service: MemoryService) -> None:
    service.submit(provider="oxen")
    service.oxen.finish_all()

    service.watch_jobs(owner="test", until=service.clock.now() + timedelta(seconds=20))

    assert len(service.to_collect.messages) == 1


def test_a_provider_is_asked_once_an_interval_however_many_jobs_are_open(
    service: MemoryService,
) -> None:
    oxen = spied(service)
    for _ in range(100):  # each comes due at a moment of its own
        service.submit(provider="oxen")
        service.time.sleep(0.13)

    watch(service, seconds=30)

    interval = service.catalog.offer("seedream-4.5", "oxen").pacing.interval
    assert 30 / interval - 1 <= len(oxen.times) <= 30 / interval + 1
    pauses = [later - earlier for earlier, later in pairwise(oxen.times)]
    assert min(pauses) >= timedelta(seconds=interval)


def test_only_one_watches_at_a_time(service: MemoryService) -> None:
    service.submit(provider="oxen")
    now = service.clock.now()
    service.leases.acquire("watch", owner="watch-1", now=now, until=now + timedelta(seconds=30))

    assert watch(service, seconds=10, owner="watch-2") == 0


def test_who_finds_another_watching_asks_nothing_else(service: MemoryService) -> None:
    service.submit(provider="oxen")
    now = service.clock.now()
    service.leases.acquire("watch", owner="watch-1", now=now, until=now + timedelta(seconds=30))
    service.jobs = service.outbox = service.deliveries = UNASKED

    assert watch(service, seconds=10, owner="watch-2") == 0


def test_a_watch_that_died_is_replaced_when_its_lease_runs_out(service: MemoryService) -> None:
    service.submit(provider="oxen")
    now = service.clock.now()
    service.leases.acquire("watch", owner="watch-1", now=now, until=now + timedelta(seconds=30))

    service.time.sleep(30)

    assert watch(service, seconds=10, owner="watch-2") > 0


def test_events_that_the_stream_lost_are_published(service: MemoryService) -> None:
    service.submit()

    service.time.sleep(120)
    watch(service, seconds=2)

    assert [event.type for event in service.bus.received] == ["job.accepted", "job.submitted"]
    assert service.store.announced == {}


class DeafBus:
    def __init__(self) -> None:
        self.calls = 0

    def publish(self, _: Sequence[Event]) -> Collection[EventId]:
        self.calls += 1
        assert self.calls < 100, "it is asked for ever"
        return []


def with_nothing_but_events(service: MemoryService) -> DeafBus:
    """A day after its only job is over, with the events that nobody took."""
    service.event_bus = bus = DeafBus()
    job = service.submit(provider="oxen")
    service.oxen.finish_all()
    watch(service, seconds=60)
    assert status(service, job) is JobStatus.SUCCEEDED
    service.time.sleep(24 * 60 * 60)
    watch(service, seconds=60)
    return bus


def test_what_the_bus_does_not_take_waits_for_the_next_run(service: MemoryService) -> None:
    bus = with_nothing_but_events(service)
    calls, started = bus.calls, service.clock.now()
    watch(service, seconds=14 * 60)

    assert bus.calls == calls + 1
    assert service.clock.now() == started
    assert service.store.announced


def test_who_comes_as_the_watch_leaves_is_seen_before_it_has_left(service: MemoryService) -> None:
    with_nothing_but_events(service)
    release = service.leases.release
    came: list[Job] = []

    def release_too_late(name: str, *, owner: str) -> None:
        came[:] = came or [service.submit(provider="oxen")]
        release(name, owner=owner)

    service.leases.release = release_too_late  # between two steps

    assert watch(service, seconds=30) > 0
    assert came


def test_a_provider_that_never_finishes_is_not_asked_for_ever(service: MemoryService) -> None:
    job = service.submit(provider="oxen")

    service.time.sleep(30 * 60)
    for _ in range(20):
        service.time.sleep(60)
        watch(service, seconds=10)

    assert status(service, job) is JobStatus.FAILED


class Interrupted(VirtualClock):
    """Something happens while the watch sleeps."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(NOW)
        self._meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._meanwhile()


def test_who_lost_the_lease_stops_looking(service: MemoryService) -> None:
    def take_over() -> None:
        now = service.clock.now()
        service.leases.release("watch", owner="watch-1")
        service.leases.acquire("watch", owner="watch-2", now=now, until=now + timedelta(hours=1))

    service.clock = Interrupted(take_over)
    service.submit(provider="oxen")

    service.watch_jobs(owner="watch-1", until=service.clock.now() + timedelta(minutes=10))

    assert service.clock.now() < NOW + timedelta(seconds=15)


def test_a_job_to_be_tried_again_waits_for_that_half_a_minute_at_most(
    service: MemoryService,
) -> None:
    def lose_the_second(order: Order) -> None:
        service.oxen.errors = [LOST] if order.submission.number == 2 else []

    service.oxen.on_submit = lose_the_second
    service.clock = clock = Interrupted(service.deliver_messages)
    job = service.submit(provider="oxen", n=6, on_unknown="retry")
    service.deliver_messages()
    service.oxen.is_silent = True
    clock.sleep(30 * 60)

    service.watch_jobs(owner="watch-1", until=clock.now() + timedelta(seconds=10))
    assert status(service, job) is JobStatus.QUEUED
    service.watch_jobs(owner="watch-1", until=clock.now() + timedelta(seconds=25))

    assert len(service.jobs.get(job.id).attempts) == 2


def test_a_job_in_a_hurry_is_looked_at_when_its_time_is_over(service: MemoryService) -> None:
    job = service.submit(provider="oxen", finish_within=timedelta(seconds=45))

    clock = service.time
    service.watch_jobs(owner="watch-1", until=clock.now() + timedelta(seconds=44))
    assert not service.to_collect.messages
    service.watch_jobs(owner="watch-1", until=clock.now() + timedelta(seconds=5))

    assert [job_id for job_id, _ in service.to_collect.messages] == [job.id]
