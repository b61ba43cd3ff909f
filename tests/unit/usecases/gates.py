"""Gates of several processes before one table, and what was asked of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from shared.adapters.memory.health import MemoryBreakers, MemoryPlaces
from shared.adapters.memory.messages import VirtualClock
from shared.domain.breaker import Breaker
from shared.domain.errors import ErrorCode, Fault
from shared.domain.events import Event
from shared.domain.ids import EventId, JobId
from shared.usecases.provider_gate import ProviderGate, Verdict

NOW: Final = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)
JOB: Final = JobId("job_1")
OTHER: Final = JobId("job_2")
MODEL: Final = "seedream-4.5"
UNREACHABLE: Final = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="apixo: no route")
NO_CREDITS: Final = Fault(code=ErrorCode.PROVIDER_CREDITS, message="apixo: balance 0.00")


class WatchedBreakers(MemoryBreakers):
    """Tells what it was asked; `before_save` is what others do in the last moment."""

    def __init__(self, announced: dict[EventId, Event]) -> None:
        super().__init__(announced)
        self.calls: list[str] = []
        self.before_save: Callable[[], object] = lambda: None

    def all(self) -> Sequence[Breaker]:
        self.calls.append("all")
        return super().all()

    def save(self, breaker: Breaker, *, was: Breaker) -> None:
        self.calls.append("save")
        self.before_save()
        super().save(breaker, was=was)


class WatchedPlaces(MemoryPlaces):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def take(self, provider: str, job_id: JobId, *, limit: int, now: datetime) -> bool:
        self.calls.append("take")
        return super().take(provider, job_id, limit=limit, now=now)

    def release(self, provider: str, job_id: JobId) -> None:
        self.calls.append("release")
        super().release(provider, job_id)


@dataclass(slots=True)
class World:
    """One table; each gate is a process of its own."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    announced: dict[EventId, Event] = field(default_factory=dict)
    breakers: WatchedBreakers = field(init=False)
    places: WatchedPlaces = field(default_factory=WatchedPlaces)

    def __post_init__(self) -> None:
        self.breakers = WatchedBreakers(self.announced)

    def gate(self, **limits: int) -> ProviderGate:
        return ProviderGate(
            breakers=self.breakers, places=self.places, limits=limits, clock=self.clock
        )

    def has_outage(self, fault: Fault = UNREACHABLE, *, passed: float = 0) -> None:
        """Let five calls fail, then time pass."""
        gate = self.gate()
        for _ in range(5):
            gate.report("apixo", MODEL, fault)
        self.clock.sleep(passed)

    def breaker(self, provider: str = "apixo") -> Breaker:
        return next(one for one in self.breakers.all() if one.provider == provider)

    def told(self) -> list[str]:
        return [event.type for event in self.announced.values()]


def enter(gate: ProviderGate, job_id: JobId = JOB, *, model: str = MODEL) -> Verdict:
    return gate.enter(job_id, "apixo", model)
