"""Planted bugs of the watch and the events: what is looked at, and what is told."""

from dataclasses import replace
from itertools import count
from typing import Any, Final

from shared.adapters.memory import table
from shared.domain.job import Job
from shared.usecases.publish_events import PublishEvents
from tests.simulation.mutant import Mutant, Original


def _watch_skips_the_unsent(due: Original) -> Any:
    def broken(self: Any, **query: Any) -> Any:
        return [job for job in due(self, **query) if not job.unsent]

    return broken


def _watch_trusts_callbacks(due: Original) -> Any:
    def broken(self: Any, **query: Any) -> Any:
        return [j for j in due(self, **query) if not any(t.provider == "apixo" for t in j.tasks)]

    return broken


def _lease_is_for_ever(_: Original) -> Any:
    def broken(self: table.MemoryLeases, name: str, *, owner: str, **when: Any) -> bool:
        holder = self._held.setdefault(name, (owner, when["until"]))
        return holder[0] == owner

    return broken


def _forgets_before_publishing(_: Original) -> Any:
    def broken(self: PublishEvents, events: Any) -> int:
        self.outbox.published(events)
        self.plan_deliveries(events)
        return len(events) - len(self.bus.publish(events))

    return broken


def _no_second_look_at_events(_: Original) -> Any:
    return lambda self, now: None


def _bytes_are_made_when_sent(publish: Original) -> Any:
    numbers = count()

    def broken(self: PublishEvents, events: Any) -> Any:
        fresh = [replace(event, detail=event.detail + f" {next(numbers)}") for event in events]
        return publish(self, fresh)

    return broken


def _silent_transitions(_: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, **_: Any) -> None:
        self._jobs[job.id] = job
        self._owners |= dict.fromkeys(job.tasks, job.id)

    return broken


BROKEN_WATCH: Final = (
    Mutant("watch skips the unsent", table.MemoryJobStore, "due", _watch_skips_the_unsent),
    Mutant("watch trusts callbacks", table.MemoryJobStore, "due", _watch_trusts_callbacks),
    Mutant("a lease without an end", table.MemoryLeases, "acquire", _lease_is_for_ever),
    Mutant("forget before publishing", PublishEvents, "__call__", _forgets_before_publishing),
    Mutant("no second look at events", PublishEvents, "again", _no_second_look_at_events),
    Mutant("bytes made when sent", PublishEvents, "__call__", _bytes_are_made_when_sent),
    Mutant("silent transitions", table.MemoryJobStore, "_write", _silent_transitions),
)
