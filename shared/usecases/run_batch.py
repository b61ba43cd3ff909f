"""Run a batch step by step: see what is done, send more, and report when all is over.

A step may be taken twice or die in the middle: each line has one job id, so nothing is sent twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import batched, islice
from typing import Final

from shared.domain.api_key import ApiKey
from shared.domain.batch import LARGEST_BYTES, Batch, Stop
from shared.domain.batch_lines import Line, lines_of
from shared.domain.errors import (
    BudgetExceeded,
    ComeBackLater,
    FieldError,
    InvalidRequest,
    Unpriced,
    VersionConflict,
)
from shared.domain.ids import BatchId
from shared.ports.intake import Batches, DropFolder
from shared.ports.jobs import JobStore
from shared.ports.keys import ApiKeys
from shared.ports.media import MediaStore
from shared.ports.messages import Queue, Wake
from shared.ports.runtime import Clock
from shared.usecases.admit_job import AdmitJob, Wish
from shared.usecases.batch_report import report_of
from shared.usecases.taken import ReadWish

# A step has to end well within its function's time; what is left is for the next.
_LINES_A_STEP: Final = 200
_JOBS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBatch:
    batches: Batches
    jobs: JobStore
    api_keys: ApiKeys
    folder: DropFolder
    media: MediaStore
    admit_job: AdmitJob
    dispatch_queue: Queue
    wake_watch: Wake
    clock: Clock

    def __call__(self, tenant: str, batch_id: BatchId, *, read_wish: ReadWish) -> Batch:
        """Take one step; whoever finds another at work leaves it to him."""
        was = self.batches.get(tenant, batch_id)
        if was.is_over:
            return was
        claimed = was.claimed(self.clock.now())
        try:
            self.batches.save(claimed, was=was)
        except VersionConflict:
            return was
        batch, held_up = self._send_more(self._settle(claimed), read_wish)
        batch = batch.stepped(self.clock.now(), held_up=held_up)
        if batch.is_over:
            self._report(batch, read_wish)
        self.batches.save(batch, was=claimed)
        if not batch.is_over:
            self.wake_watch()  # it brings the next step when that is due
        return batch

    def _lines(self, batch: Batch, *, first: int = 1) -> Iterator[Line]:
        """Yield the lines of its file; should that be gone, as many that ask for nothing."""
        content = self.folder.read(batch.key, version_id=batch.version_id, at_most=LARGEST_BYTES)
        if content is not None:
            return lines_of(content, batch.format, first=first)
        numbers = range(first, batch.lines + 1)
        return (Line(number=number, custom_id=None, request=None) for number in numbers)

    def _settle(self, batch: Batch) -> Batch:
        jobs = self.jobs.get_many([batch.job_id(number) for number in batch.in_flight])
        for number in batch.in_flight:
            job = jobs.get(batch.job_id(number))
            if job is None:  # deleted by its owner, who wants to hear no more of it
                batch = replace(batch, in_flight=tuple(n for n in batch.in_flight if n != number))
            elif job.is_terminal:
                batch = batch.settled(number, job)
        return batch

    def _send_more(self, batch: Batch, read_wish: ReadWish) -> tuple[Batch, bool]:
        """Return the batch, and whether its key's limits let no more in for now."""
        room = batch.max_in_flight - len(batch.in_flight)
        if room <= 0 or not batch.has_more:
            return batch, False
        key = self._key(batch)
        for line in islice(self._lines(batch, first=batch.next_line), _LINES_A_STEP):
            if len(batch.in_flight) >= batch.max_in_flight or not batch.has_more:
                break
            try:
                batch = self._send(batch, line, key, read_wish)
            except ComeBackLater:
                return batch, True
        return batch, False

    def _send(self, batch: Batch, line: Line, key: ApiKey | None, read_wish: ReadWish) -> Batch:
        """Send a line off, or count it as refused: its reason is found again for the report."""
        number = line.number
        if line.request is None or key is None:
            return batch.refused_line(number)
        try:
            wish = read_wish(line.request)
            estimate = self._estimate(batch, wish, key)
            if not batch.affords(estimate):
                return batch.stopped(number, Stop.MAX_USD)
            self._admit(batch, number, wish, key)
        except InvalidRequest:
            return batch.refused_line(number)
        except BudgetExceeded:  # the key's own, before the batch's
            return batch.stopped(number, Stop.BUDGET)
        self.dispatch_queue.send(batch.job_id(number))
        return batch.took_in(number, estimate)

    def _estimate(self, batch: Batch, wish: Wish, key: ApiKey) -> Decimal | None:
        """Raises InvalidRequest; so it does when money is bounded and the price is not known."""
        estimate = self.admit_job.estimate(wish, key=key)
        if estimate is None and batch.is_bounded:
            message = "nobody knows what this costs, and the batch has a max_usd"
            raise Unpriced([FieldError(pointer="/model", code="unpriced", message=message)])
        return estimate

    def _admit(self, batch: Batch, number: int, wish: Wish, key: ApiKey) -> None:
        job_id = batch.job_id(number)
        try:
            self.admit_job(wish, key=key, render=str, job_id=job_id, batch=batch.id)
        except VersionConflict:  # a step that died had sent it
            return

    def _key(self, batch: Batch) -> ApiKey | None:
        key = self.api_keys.find(batch.key_id)
        return key if key and key.is_valid_at(self.clock.now()) else None

    def _report(self, batch: Batch, read_wish: ReadWish) -> None:
        key = self.api_keys.find(batch.key_id)

        def reason(line: Line) -> InvalidRequest | None:
            if key is None:
                return None
            try:
                wish = read_wish(line.request or b"")
                self._estimate(batch, wish, key)
                self.admit_job.check(wish, key=key)
            except InvalidRequest as error:
                return error
            return None

        rows = (
            report_of(batch, line, jobs.get(batch.job_id(line.number)), reason)
            for some in batched(self._lines(batch), _JOBS_AT_ONCE)
            for jobs in [self.jobs.get_many([batch.job_id(line.number) for line in some])]
            for line in some
        )
        self.media.write_document(f"batches/{batch.name}.report.jsonl", b"".join(rows))
