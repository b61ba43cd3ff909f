"""How a run goes: jobs and mishaps side by side, then calm, then the evidence.

The seed fixes the jobs, the faults and the draws of the kills. What meets what is up to the
machine: the same seed is the same weather, not the same run.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.job import Job
from tests.chaos.crowd import Crowd, wishes, working
from tests.chaos.faults import plan
from tests.chaos.killer import Killer, killing
from tests.chaos.ledger import Row, read_ledger, struck, switch_faults_off
from tests.chaos.oracles import broken, every_end_is_heard
from tests.chaos.programs import Stack, sandbox, stack
from tests.chaos.records import (
    Engine,
    admin_key,
    messages_to_collect,
    read_images,
    read_table,
    unanswered,
    wake_watch,
)
from tests.chaos.run import Changed, Options, Run, is_over

_TICK: Final = 1.0
_CLIENTS: Final = 5
_POSTING: Final = 0.85  # of the storm: what is posted last gets its share of mishaps too
_REPLAY_EVERY: Final = 20.0
_WAKE_EVERY: Final = 5.0
_UNHINDERED: Final = timedelta(seconds=10)  # what a callback needs to have its effect
_SHORTEST_CALM: Final = 8.0
_LATE: Final = timedelta(seconds=60)
_NOT_NOW: Final = (ClientError, BotoCoreError, httpx.HTTPError)


def tell(options: Options, *, folder: Path, changed: Changed) -> Run:
    """Run it all in a folder. What is broken stands in the run that is returned."""
    chance = random.Random(options.seed)  # noqa: S311  # a seed must replay
    run = Run(options=options, wishes=wishes(options.jobs, seed=options.seed, chance=chance))
    faults = folder / "faults.json"
    faults.write_text(json.dumps(plan(options.seed, patient=options.patient)))
    changed(run)
    with (
        sandbox(faults, latency=options.latency) as addresses,
        stack(folder, sandbox=addresses) as running,
    ):
        story = _Story(
            run=run,
            stack=running,
            sandbox=addresses["sandbox_url"],
            chance=chance,
            changed=changed,
        )
        story.go()
    run.phase = "over"
    changed(run)
    return run


@dataclass(slots=True, kw_only=True)
class _Story:
    run: Run
    stack: Stack
    sandbox: str
    chance: random.Random
    changed: Changed
    _replay_at: float = field(default=0.0)
    _wake_at: float = field(default=0.0)

    def go(self) -> None:
        self.run.listener.attach(self._engine)
        with self._clients():
            self._storm()
            switch_faults_off(self.sandbox)
            self._calm()
        self._judge()

    @property
    def _engine(self) -> Engine:
        return Engine(ready=self.stack.ready)

    @contextmanager
    def _clients(self) -> Iterator[None]:
        crowd = Crowd(
            wishes=self.run.wishes,
            heard=self.run.heard,
            chance=self.chance,
            base_url=self.stack.ready["api_url"],
            api_key=self.stack.ready["api_key"],
            until=self.run.started + self.run.latest_calm,
        )
        crowd.plan(seconds=self.run.storm_seconds * _POSTING)
        with working(crowd, clients=_CLIENTS):
            yield

    def _storm(self) -> None:
        self.run.phase = "storm"
        options, began = self.run.options, self.run.seconds
        killer = Killer(
            temp=self.stack.temp,
            every_seconds=options.seconds_between_kills,
            chance=random.Random(options.seed + 1),  # noqa: S311  # a seed must replay
            progress=self.run.progress,
            killed=self.run.killed,
        )
        with killing(killer):
            for number in range(options.restarts):
                share = (number + self.chance.uniform(0.3, 0.7)) / options.restarts
                self._watch(until=began + share * self.run.storm_seconds)
                self._restart()
            self._watch(until=began + self.run.storm_seconds)
            # A slow machine posts late: nobody is to miss the weather.
            while self.run.seconds < self.run.latest_calm and not self.run.all_are_posted:
                self._watch(until=self.run.seconds + _TICK)

    def _restart(self) -> None:
        self.run.phase = "restart"
        self.changed(self.run)
        self.stack.stop()
        self.stack.start()
        self.run.restarts += 1
        self.run.listener.attach(self._engine)
        self.run.phase = "storm"

    def _calm(self) -> None:
        self.run.phase = "calm"
        began, storm_ended = self.run.seconds, datetime.now(UTC)
        self._replay_at = began + _REPLAY_EVERY
        while self.run.seconds_left > 0:
            self._look()
            if self.run.seconds > began + _SHORTEST_CALM and self._is_settled(storm_ended):
                return
            if self.run.seconds >= self._replay_at:
                self._replay_at += _REPLAY_EVERY
                self._replay_callbacks()
            if not self.run.options.patient and self.run.seconds >= self._wake_at:
                self._wake_at = self.run.seconds + _WAKE_EVERY
                with suppress(*_NOT_NOW):
                    wake_watch(self._engine)
            time.sleep(_TICK)

    def _is_settled(self, storm_ended: datetime) -> bool:
        seen = self.run.evidence()
        if not self.run.all_are_posted or any(every_end_is_heard(seen)):
            return False
        if self.run.options.patient:
            return not self._open() and not seen.snapshot.announced
        # Not by now: meanwhile others become due, and so on for minutes.
        return not self._looked_at_before(storm_ended)

    def _open(self) -> list[Job]:
        """Return the jobs that are neither over nor rightly waiting for a deadline."""
        seen = self.run.evidence()
        return [
            job for job in seen.jobs if not is_over(job) and not seen.waits_for_its_deadline(job)
        ]

    def _looked_at_before(self, at: datetime) -> list[Job]:
        return [job for job in self._open() if job.due_at is None or job.due_at < at]

    def _replay_callbacks(self) -> None:
        """Hand kept callbacks on again, as an operator can.

        A message whose worker was killed comes back by itself when its queue shows it again: after
        12 minutes, which is longer than this run.
        """
        deaf = {job.id for job in self._open() if self._is_deaf(job)}
        waiting, new = messages_to_collect(self._engine), deaf - self.run.replayed
        if len(new) > waiting:
            words = f"{len(new)} callbacks had no effect, {waiting} messages wait to come again"
            self.run.broken.append(("no callback is lost", words))
        # Without patience nobody waits for the next look at a task either.
        called = {job.id for job in self._open() if _were_heard(self.run.evidence().rows_of(job))}
        stuck = deaf if self.run.options.patient else called
        self.run.replayed |= stuck
        headers = {"authorization": f"Bearer {admin_key(self._engine)}"}
        url = f"{self.stack.ready['api_url']}/v1/callbacks/replay"
        for job_id in stuck:
            with suppress(httpx.HTTPError):
                httpx.post(url, json={"job": job_id}, headers=headers, trust_env=False, timeout=30)

    def _is_deaf(self, job: Job) -> bool:
        """Whether it waits for a task's name that a callback has brought."""
        seen = self.run.evidence()
        return any(_were_heard(seen.rows_of_submission(job, one)) for one in unanswered(job))

    def _watch(self, *, until: float) -> None:
        while self.run.seconds < until:
            self._look()
            time.sleep(_TICK)

    def _look(self) -> None:
        with suppress(*_NOT_NOW):
            self.run.listener.hear(self._engine)
            self.run.snapshot = read_table(self._engine)
            self.run.rows = read_ledger(self.sandbox)
            self.run.faults = max(self.run.faults, struck(self.sandbox))
        self.changed(self.run)

    def _judge(self) -> None:
        self.run.phase = "judging"
        self._look()
        evidence = self.run.evidence(read_images(self._engine))
        self.run.broken += broken(evidence)
        if self.run.options.patient and not (self.run.faults and self.run.killed):
            self.run.broken.append(("things go wrong", "nothing did: the machine is too slow"))
        for job in self._unfinished():
            states = ", ".join(s.state for s in job.submissions)
            words = f"{job.id} at {job.provider}: {job.status} ({states}), due {job.due_at}"
            self.run.broken.append(("every job ends", words))

    def _unfinished(self) -> list[Job]:
        if self.run.options.patient:
            return self._open()
        return self._looked_at_before(datetime.now(UTC) - _LATE)


def _were_heard(rows: list[Row]) -> bool:
    """Whether a callback about one of them was taken, long enough ago to have its effect."""
    latest = datetime.now(UTC) - _UNHINDERED
    return any(row.called_back_at and row.called_back_at < latest for row in rows)
