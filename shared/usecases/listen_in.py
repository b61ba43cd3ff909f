"""Listen to the providers' event streams while somebody waits for what they tell."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from shared.ports.providers import EventStreams, Listening, News
from shared.ports.runtime import Clock


@dataclass(slots=True, kw_only=True)
class Ears:
    """Open streams. Without any, waiting is sleeping."""

    streams: EventStreams
    clock: Clock
    _opened: ExitStack
    _open: dict[str, Listening] = field(default_factory=dict)

    def hears(self, provider: str) -> bool:
        return provider in self._open

    def listen_to(self, providers: Iterable[str]) -> None:
        """Open the streams that are not open yet; each stays open until the watch ends."""
        for provider in providers:
            if provider not in self._open and provider in self.streams:
                listening = self._opened.enter_context(self.streams[provider].listen())
                self._open[provider] = listening

    def wait(self, seconds: float) -> News:
        """Return at once when a stream brings news, else when the time is over."""
        if not self._open:
            self.clock.sleep(seconds)
            return News()
        share = seconds / len(self._open)
        news = [listening.wait(share) for listening in self._open.values()]
        return News(
            ended=frozenset(task_id for one in news for task_id in one.ended),
            gaps=any(one.gaps for one in news),
        )


@contextmanager
def listening(streams: EventStreams, clock: Clock) -> Iterator[Ears]:
    with ExitStack() as opened:
        yield Ears(streams=streams, clock=clock, _opened=opened)
