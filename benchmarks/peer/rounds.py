"""Rounds: all candidates by turns, each round from another one on."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Self

from benchmarks.peer.figures import Taken
from benchmarks.peer.load import Candidate, load
from benchmarks.peer.programs import asked, cpu_milliseconds, machine_milliseconds

ROUNDS: Final = 5
WARM_UP: Final = 640  # requests to each, before anything is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    name: str
    in_flight: int
    requests: int
    upstream_seconds: float = 0.0
    most: float  # what we may add, in times of what one process of the peer adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The candidates, all running, and the port of the upstream that they share."""

    upstream: int
    direct: Candidate
    ours: Candidate
    peers: tuple[Candidate, ...]  # the bar is that of the first

    @property
    def all(self) -> tuple[Candidate, ...]:
        return (self.direct, self.peers[0], self.ours, *self.peers[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    milliseconds: list[float]  # of each request
    calls: int  # of the upstream
    cpu: dict[str, float]  # milliseconds, by what the candidate's processes do


@dataclass(slots=True)
class Measured:
    """What came of one candidate at one setting."""

    taken: Taken = field(default_factory=Taken)
    cpu: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    calls: int = 0

    def add(self, one: Round) -> None:
        self.taken.add(one.milliseconds)
        self.cpu.update(one.cpu)
        self.requests += len(one.milliseconds)
        self.calls += one.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Who has used the processors so far, in milliseconds, and when that was looked at."""

    at: float
    machine: float
    ours: float  # the benchmark's: candidates, upstream and client

    @classmethod
    def taken(cls, contest: Contest) -> Self:
        groups = (group for candidate in contest.all for group in candidate.processes.values())
        leaders = {pid for group in groups for pid in group}
        return cls(
            at=time.monotonic(),
            machine=machine_milliseconds(),
            ours=cpu_milliseconds(leaders) + time.process_time() * 1000,
        )

    def of_others_since(self, before: Self) -> float:
        """Return which part of all processors went to other programs."""
        others = (self.machine - before.machine) - (self.ours - before.ours)
        return others / ((self.at - before.at) * 1000 * (os.cpu_count() or 1))


def warm_up(contest: Contest) -> None:
    for candidate in contest.all:
        play(contest, candidate, in_flight=16, requests=WARM_UP)


def measure(contest: Contest, setting: Setting) -> dict[str, Measured]:
    asked(contest.upstream, f"/wait/{setting.upstream_seconds}")
    measured = {candidate.name: Measured() for candidate in contest.all}
    for turn in range(ROUNDS):
        first = turn % len(contest.all)
        for candidate in contest.all[first:] + contest.all[:first]:
            measured[candidate.name].add(
                play(contest, candidate, in_flight=setting.in_flight, requests=setting.requests)
            )
    return measured


def play(contest: Contest, candidate: Candidate, *, in_flight: int, requests: int) -> Round:
    """Raises SystemExit at an answer that brought no call of the upstream."""
    calls, cpu = asked(contest.upstream, "/calls"), _cpu(candidate)
    taken = load(candidate, in_flight=in_flight, requests=requests)
    cpu = {name: ms - cpu[name] for name, ms in _cpu(candidate).items()}
    calls = int(asked(contest.upstream, "/calls") - calls)
    if calls < requests:
        raise SystemExit(f"{candidate.name}: {calls} calls upstream for {requests} requests")
    return Round(milliseconds=taken, calls=calls, cpu=cpu)


def _cpu(candidate: Candidate) -> dict[str, float]:
    return {name: cpu_milliseconds(leaders) for name, leaders in candidate.processes.items()}
