"""Completions learned from a provider's event stream, and what happens when it says nothing."""

from datetime import timedelta

import pytest

from shared.adapters.memory.messages import MemoryStream
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.status import JobStatus
from tests.memory_service import MemoryService
from tests.unit.usecases.living import spied


@pytest.fixture
def service() -> MemoryService:
    service = MemoryService()
    stream = MemoryStream(service.clock)
    service.streams = {"oxen": stream}
    return service


def stream_of(service: MemoryService) -> MemoryStream:
    stream = service.streams["oxen"]
    assert isinstance(stream, MemoryStream)
    return stream


def at(service: MemoryService, delay: float, deed: object) -> None:
    """Let something happen while the watch waits: the clock does it as it passes that moment."""
    moment, sleep = service.clock.now() + timedelta(seconds=delay), service.time.sleep
    done: list[bool] = []

    def sleeping(seconds: float) -> None:
        sleep(seconds)
        if service.clock.now() >= moment and not done:
            done.append(True)
            assert callable(deed)
            deed()

    service.time.sleep = sleeping  # time with a deed in it


def watch(service: MemoryService, *, seconds: float) -> None:
    until = service.clock.now() + timedelta(seconds=seconds)
    service.watch_jobs(owner="watch", until=until)


def a_streamed_job(service: MemoryService, *, n: int = 1) -> Job:
    return service.submit(provider="oxen", delivery="stream", n=n)


def ends(service: MemoryService, task_id: str, *, told: bool = True) -> None:
    service.oxen.finish(TaskId(task_id))
    if told:
        stream_of(service).tell(TaskId(task_id))


def test_what_the_stream_tells_is_collected_at_once(service: MemoryService) -> None:
    job = a_streamed_job(service)
    began = service.clock.now()
    collected: list[float] = []
    send = service.to_collect.send

    def noted(*_: object, **__: object) -> None:
        collected.append((service.clock.now() - began).total_seconds())
        send(job.id)

    service.to_collect.send = noted  # a witness
    at(service, 20, lambda: ends(service, "oxen-0"))
    watch(service, seconds=40)
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED
    assert min(collected) <= 20 + 2.5


def test_a_stream_that_is_open_for_one_job_tells_of_the_others_too(
    service: MemoryService,
) -> None:
    a_streamed_job(service)
    polled = service.submit(provider="oxen", delivery="poll")
    spy = spied(service)
    spy.is_silent = True  # no list tells anything
    (task_id,) = service.jobs.get(polled.id).task_ids
    at(service, 20, lambda: stream_of(service).tell(task_id))

    watch(service, seconds=40)

    assert polled.id in [job_id for job_id, _ in service.to_collect.messages]


def test_while_a_stream_is_heard_the_list_is_asked_five_times_less_often(
    service: MemoryService,
) -> None:
    streamed = spied(service)
    a_streamed_job(service)
    watch(service, seconds=60)

    other = MemoryService()
    polled = spied(other)
    other.submit(provider="oxen")
    watch(other, seconds=60)

    assert 0 < len(streamed.times) <= len(polled.times) / 3


def test_who_begins_to_listen_asks_about_what_ended_before(service: MemoryService) -> None:
    job = a_streamed_job(service)
    ends(service, "oxen-0")  # nobody listens yet

    watch(service, seconds=5)
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_after_a_gap_the_list_is_asked_at_once(service: MemoryService) -> None:
    spy, began = spied(service), service.clock.now()
    a_streamed_job(service)
    at(service, 30, lambda: stream_of(service).reconnect())

    watch(service, seconds=34)

    asked = [(moment - began).total_seconds() for moment in spy.times]
    assert any(30 <= seconds <= 33 for seconds in asked)


def test_a_mute_stream_loses_nothing(service: MemoryService) -> None:
    job = a_streamed_job(service)
    at(service, 10, lambda: ends(service, "oxen-0", told=False))

    watch(service, seconds=30)
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_a_provider_without_a_stream_is_polled(service: MemoryService) -> None:
    service.streams = {}
    job = a_streamed_job(service)
    at(service, 4, lambda: ends(service, "oxen-0", told=False))

    watch(service, seconds=10)
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.SUCCEEDED


def test_nobody_listens_for_jobs_that_are_polled(service: MemoryService) -> None:
    service.submit(provider="oxen")
    listened: list[int] = []
    at(service, 5, lambda: listened.append(stream_of(service).listeners))

    watch(service, seconds=10)

    assert listened == [0]


def test_nobody_listens_when_the_watch_is_over(service: MemoryService) -> None:
    a_streamed_job(service)

    watch(service, seconds=10)

    assert stream_of(service).listeners == 0


def test_an_event_of_a_strangers_task_changes_nothing(service: MemoryService) -> None:
    job = a_streamed_job(service)
    at(service, 5, lambda: stream_of(service).tell(TaskId("somebody-elses")))

    watch(service, seconds=12)
    service.deliver_messages()

    assert service.jobs.get(job.id).status is JobStatus.PROCESSING
