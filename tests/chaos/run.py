"""What is asked of a chaos run, and what is known of it while it goes on and at its end."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from shared.domain.job import Job
from tests.chaos.crowd import Heard, Wish
from tests.chaos.evidence import Evidence
from tests.chaos.ledger import Row
from tests.chaos.listener import Listener
from tests.chaos.records import Snapshot

_RESERVE_SECONDS: Final = 15.0  # for taking the evidence and for stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    jobs: int = 200
    seed: int = 0
    minutes: float = 4.8
    # More, if need be: a provider that was out of order is tried at ever longer intervals, and by
    # one job alone, whose worker may have been killed.
    settling_minutes: float = 6
    storm: float = 0.3  # the share of the time in which jobs are posted and things go wrong,
    longest_storm: float = 0.45  # and what it may become
    restarts: int = 2
    seconds_between_kills: float = 1.0
    latency: float = 0.05
    # Whether there is time for what the service does of itself within minutes. If not, no callback
    # is dropped, nobody waits for the watch's next minute when the watch was killed, a job may stay
    # open whose next look lies ahead, and an event unheard that the watch has yet to publish: the
    # engine forgets its streams in a restart.
    patient: bool = True


@dataclass(slots=True, kw_only=True)
class Run:
    options: Options
    wishes: tuple[Wish, ...]
    heard: Heard = field(default_factory=Heard)
    phase: str = "starting"
    started: float = field(default_factory=time.monotonic)
    killed: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    faults: int = 0  # how often one struck
    replayed: set[str] = field(default_factory=set)  # jobs whose kept callbacks were handed on
    snapshot: Snapshot = field(default_factory=Snapshot)
    rows: tuple[Row, ...] = ()
    listener: Listener = field(default_factory=Listener)
    broken: list[tuple[str, str]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def storm_seconds(self) -> float:
        return self.options.minutes * 60 * self.options.storm

    @property
    def latest_calm(self) -> float:
        return self.options.minutes * 60 * self.options.longest_storm

    @property
    def all_are_posted(self) -> bool:
        return len(self.heard.jobs) == len(self.wishes)

    def progress(self) -> int:
        """Return a number that moves while the service gets anything done."""
        return len(self.heard.jobs) + self.listener.events

    @property
    def seconds_left(self) -> float:
        """Return for how long the dust may still settle."""
        more = self.options.settling_minutes if self.options.patient else 0
        return (self.options.minutes + more) * 60 - _RESERVE_SECONDS - self.seconds

    def evidence(self, images: dict[str, str] | None = None) -> Evidence:
        return Evidence(
            wishes=self.wishes,
            heard=self.heard,
            snapshot=self.snapshot,
            rows=self.rows,
            listener=self.listener,
            images=images or {},
            excused=() if self.options.patient else self.snapshot.announced,
        )


type Changed = Callable[[Run], None]


def is_over(job: Job) -> bool:
    """Whether it is terminal and nothing of it is followed any more."""
    return job.is_terminal and not job.followed
