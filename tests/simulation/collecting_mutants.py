"""Planted bugs of callbacks, recovery and storing: whom is believed, and what is kept."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

from shared.adapters.memory import buckets, table
from shared.domain import reports
from shared.domain.errors import VersionConflict
from shared.domain.job import Job
from shared.domain.submission import UNANSWERED, Submission, SubmissionState
from shared.ports.media import Download
from shared.usecases import collect_result, lifecycle
from shared.usecases.collect_result import CollectResult
from shared.usecases.recover import Recover
from shared.usecases.take_in import TakeIn
from tests.simulation.mutant import Mutant, Original

# --- callbacks and recovery


def _believes_any_task_id(_: Original) -> Any:
    def broken(self: Recover, job: Job, hint: Any) -> Job:
        waiting = [s for s in job.followed if s.state in UNANSWERED]
        return self._accept(job, waiting[0], (hint.task_id,)) if waiting else job

    return broken


def _believes_the_callback(ask: Original) -> Any:
    def broken(self: CollectResult, job: Job, one: Submission) -> Any:
        if one.state is SubmissionState.ACCEPTED:
            failed = reports.TaskState.FAILED
            return tuple(reports.TaskReport(task_id=t, state=failed) for t in one.task_ids)
        return ask(self, job, one)

    return broken


def _no_owner_of_a_task(write: Original) -> Any:
    def broken(self: table.MemoryJobStore, job: Job, **step: Any) -> None:
        write(self, job, **step)
        self._owners.clear()

    return broken


def _adopts_any_number(recover: Original) -> Any:
    def broken(self: Recover, job: Job) -> Any:
        for one in job.followed:
            if one.state in UNANSWERED:
                seen = self._found(job, one).task_ids
                if seen:
                    job = self._accept(job, one, seen[:1])
        return recover(self, job)

    return broken


# --- collecting


def _says_stored_and_does_not(_: Original) -> Any:
    def broken(
        self: Any, job_id: Any, *, attempt: int, position: int, download: Any, **_: Any
    ) -> Any:
        key = f"images/{job_id}/{attempt}/{position}.png"
        content = b"".join(download.chunks)
        return buckets._described(content, key=key, attempt=attempt, position=position)

    return broken


def _second_writer_wins(store: Original) -> Any:
    numbers = count()

    def broken(
        self: Any, job_id: Any, *, attempt: int, position: int, download: Any, **_: Any
    ) -> Any:
        content = b"".join(download.chunks) + str(next(numbers)).encode()
        changed = Download(iter([content]))
        image = store(self, job_id, attempt=attempt, position=position, download=changed)
        self.objects[image.key] = content
        return replace(image, sha256=image.sha256)

    return broken


def _one_key_for_all_attempts(_: Original) -> Any:
    def broken(job_id: Any, *, attempt: int, position: int, extension: str) -> str:
        del attempt
        return f"images/{job_id}/{position}.{extension}"

    return broken


def _places_by_order_of_arrival(_: Original) -> Any:
    def broken(one: Submission, found: Any) -> Iterator[reports.Result]:
        urls = [url for report in found for url in report.result_urls]
        for position, url in enumerate(urls, start=one.first_position):
            yield reports.Result(position=position, url=url)

    return broken


def _drops_what_is_not_stored(conclude: Original) -> Any:
    def broken(one: Submission, found: Any, **facts: Any) -> Submission:
        return conclude(one, found, **(facts | {"not_stored": []}))

    return broken


def _charges_what_was_asked(_: Original) -> Any:
    def broken(found: Any, offer: Any) -> Decimal:
        del offer
        return Decimal("0.0350") * len(found)

    return broken


def _drops_what_came_inline(keep: Original) -> Any:
    def broken(self: TakeIn, *answer: Any) -> Any:
        return replace(keep(self, *answer), images=())

    return broken


def _closes_what_is_gone(_: Original) -> Any:
    def broken(one: Submission, faults: Any, at: Any) -> Submission:
        return one.settled(faults=tuple(faults), charged=one.charged_usd, at=at)

    return broken


def _loses_the_race_silently(_: Original) -> Any:
    def broken(store: Any, job_id: Any, change: Any, **_: Any) -> Job:
        job: Job = store.get(job_id)
        changed = change(job)
        if changed is None:
            return job
        with suppress(VersionConflict):
            store.save(changed, was=job)
        return changed

    return broken


BROKEN_COLLECTING: Final = (
    Mutant("adopt any task id", Recover, "adopt", _believes_any_task_id),
    Mutant("believe the callback body", CollectResult, "_ask", _believes_the_callback),
    Mutant(
        "ignore who owns a task",
        table.MemoryJobStore,
        "_write",
        _no_owner_of_a_task,
        first_seed=816,
    ),
    Mutant("adopt any number of tasks", Recover, "__call__", _adopts_any_number),
    Mutant("state before storage", buckets.MemoryMediaStore, "store", _says_stored_and_does_not),
    Mutant("overwrite a stored image", buckets.MemoryMediaStore, "store", _second_writer_wins),
    Mutant(
        "one key for all attempts", buckets, "image_key", _one_key_for_all_attempts, first_seed=358
    ),
    Mutant("place by arrival", collect_result, "results", _places_by_order_of_arrival),
    Mutant("drop what cannot be fetched", collect_result, "conclude", _drops_what_is_not_stored),
    Mutant("charge what was asked", reports, "_charged", _charges_what_was_asked),
    Mutant("inline bytes dropped", TakeIn, "_keep", _drops_what_came_inline),
    Mutant("gone result held for hours", reports, "FETCH_PATIENCE", lambda _: timedelta(hours=23)),
    Mutant("gone result never looked for again", reports, "_still_gone", _closes_what_is_gone),
    Mutant("lose a race silently", lifecycle, "revise", _loses_the_race_silently, first_seed=912),
)
