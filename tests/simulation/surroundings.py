"""What surrounds the functions: queues that repeat themselves, and the web with the results."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.memory.buckets import MemoryImageSource
from shared.adapters.memory.previews import MemoryPreviewer
from shared.domain.errors import ErrorCode, Fault, JobNotFound, ResultUnavailable
from shared.domain.ids import JobId
from shared.ports.messages import TaskHint
from shared.usecases.make_previews import MakePreviews
from tests.pictures import a_png
from tests.simulation.provider import Habits

if TYPE_CHECKING:  # a world is made of these
    from tests.simulation.world import World

_RECEIVES: Final = 5
_VISIBILITY: Final = {"collect": 720.0, "dispatch": 1800.0}  # seconds


@dataclass(slots=True, kw_only=True)
class Weather:
    """What goes wrong outside the provider, as rates from 0 to 1."""

    repeats_message: float = 0.0
    loses_wake: float = 0.0
    loses_stream: float = 0.0


class PreviewQueue:
    """Images are looked at while others work on their job: that may disturb none of them."""

    def __init__(self, world: "World") -> None:
        self._look = MakePreviews(jobs=world.store, media=world.bucket, previewer=MemoryPreviewer())

    def send(self, job_id: JobId) -> None:
        with suppress(JobNotFound):
            self._look(job_id)


@dataclass(slots=True)
class Queue:
    """SQS: at least once, redelivered after the visibility timeout, five times at most."""

    world: "World"
    name: str
    handler: Callable[[JobId, TaskHint | None], None]
    dead: list[JobId] = field(default_factory=list)

    def send(self, job_id: JobId, *, hint: TaskHint | None = None) -> None:
        times = 2 if self.world.chance.random() < self.world.weather.repeats_message else 1
        for _ in range(times):
            delay = self.world.chance.choice((0.01, 0.01, 0.5, 20))
            self.world.agenda.after(delay, lambda: self._deliver(job_id, hint, 1))

    def _deliver(self, job_id: JobId, hint: TaskHint | None, receive: int) -> None:
        if self.world.work(lambda: self.handler(job_id, hint)):
            return
        if receive == _RECEIVES:
            self.dead.append(job_id)
            return
        later = _VISIBILITY[self.name]
        self.world.agenda.after(later, lambda: self._deliver(job_id, hint, receive + 1))


class Web(MemoryImageSource):
    """Serves what the provider made, and sometimes something else."""

    def __init__(self, world: "World", habits: Habits) -> None:
        super().__init__(world.web)
        self._world = world
        self._habits = habits
        self.open = self._open

    def _open(self, url: str) -> Any:
        open_it = super().open
        return self._world.effects.happen("web.open", lambda: self._served(url, open_it))

    def _served(self, url: str, open_it: Callable[[str], Any]) -> Any:
        if self._world.lost_results.is_away(url):
            raise ResultUnavailable(Fault(code=ErrorCode.RESULT_GONE, message="404"))
        if not self._world.effects.calm and self._world.chance.random() < self._habits.serves_badly:
            fault = Fault(code=ErrorCode.RESULT_GONE, message="as simulated")
            raise ResultUnavailable(fault)
        return open_it(url)


def draw(url: str) -> bytes:
    """Different bytes for each image: what follows a PNG's end does not count."""
    return a_png(2, 2) + url.encode()
