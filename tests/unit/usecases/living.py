"""Time goes by and the functions work; and what providers do at awkward moments."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from shared.adapters.memory.messages import VirtualClock
from shared.adapters.memory.provider import MemoryProvider
from shared.domain.callback_token import CallbackTarget
from shared.domain.errors import ErrorCode, FateUnknown, Fault, NotSent, Refused
from shared.domain.ids import JobId, TaskId
from shared.domain.job import Job
from shared.domain.offers import Offer
from shared.ports.providers import Acceptance, Letter, Order, Provider
from tests.memory_service import MemoryService

POLICY = Fault(code=ErrorCode.CONTENT_POLICY, message="not this")
DOWN = NotSent(Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="connection refused"))
BUSY = NotSent(Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message="too many requests"))
REFUSED = Refused(POLICY)
LOST = FateUnknown(Fault(code=ErrorCode.AMBIGUOUS_SUBMIT, message="no answer"))


def live(
    service: MemoryService,
    *,
    seconds: float = 0,
    minutes: float = 0,
    hours: float = 0,
    step: float = 30,
) -> None:
    """Let time go by: every `step` seconds the watch looks and the queues' functions work."""
    end = service.clock.now() + timedelta(seconds=seconds, minutes=minutes, hours=hours)
    while True:
        now = service.clock.now()
        service.watch_jobs(owner="watch", until=now + timedelta(seconds=0.1))
        service.deliver_messages()
        left = (end - service.clock.now()).total_seconds()
        if left <= 0:
            return
        service.time.sleep(min(step, left))


def now_of(service: MemoryService, job: Job) -> Job:
    return service.jobs.get(job.id)


def announced(service: MemoryService) -> list[str]:
    return [event.type for event in [*service.bus.received, *service.store.announced.values()]]


def message_of(
    service: MemoryService, *, task_id: str, number: int = 0
) -> tuple[CallbackTarget, str, bytes]:
    """Return what the provider calls back with about the order behind task `number`."""
    order = list(service.apixo.tasks.values())[number].order
    provider, job_id, attempt, token = (order.callback_url or "").split("/")[-4:]
    target = CallbackTarget(provider=provider, job_id=JobId(job_id), attempt=int(attempt))
    return target, token, f'{{"data": {{"taskId": "{task_id}"}}}}'.encode()


def call_back(service: MemoryService, *, task_id: str = "", number: int = 0) -> None:
    """APIXO calls the address it got with task `number`, about that task unless told otherwise."""
    told = task_id or list(service.apixo.tasks)[number]
    target, token, body = message_of(service, task_id=told, number=number)
    assert service.accept_callback(target, token=token, body=body)


class Interrupted(MemoryProvider):
    """Something happens between what it does and its answer."""

    meanwhile: Callable[[Order], object] = staticmethod(lambda _: None)

    def submit(self, letter: Letter) -> Acceptance:
        acceptance = super().submit(letter)
        self.meanwhile(letter.order)
        return acceptance


def interrupt(
    service: MemoryService, provider: MemoryProvider, meanwhile: Callable[[Order], object]
) -> None:
    """Put a provider in the place of another, before anything was sent."""
    interrupted = Interrupted(
        provider.name,
        draw=provider.draw,
        ids_per_image=provider.ids_per_image,
        files=provider.files,
    )
    interrupted.meanwhile = meanwhile
    setattr(service, provider.name, interrupted)
    providers: dict[str, Provider] = {**service.providers, provider.name: interrupted}
    service.providers = providers


class Spied(MemoryProvider):
    """Notes when it is asked about its tasks."""

    clock: VirtualClock
    times: list[datetime]

    def finished(self, tasks: Mapping[TaskId, Offer]) -> Collection[TaskId]:
        self.times.append(self.clock.now())
        return super().finished(tasks)


def spied(service: MemoryService) -> Spied:
    """Put a provider that notes its questions in Oxen's place."""
    oxen = Spied("oxen", draw=service.oxen.draw, ids_per_image=True, files=service.oxen.files)
    oxen.clock, oxen.times = service.time, []
    service.oxen = oxen
    providers: dict[str, Provider] = {**service.providers, "oxen": oxen}
    service.providers = providers
    return oxen
