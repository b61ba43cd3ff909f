"""What three witnesses say after a run: the clients, Seedhook's records, the providers' ledger."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.submission import Submission
from tests.chaos.crowd import Heard, Wish
from tests.chaos.ledger import Row
from tests.chaos.listener import Listener
from tests.chaos.records import Snapshot, unanswered


@dataclass(frozen=True, kw_only=True)
class Evidence:
    wishes: tuple[Wish, ...]
    heard: Heard
    snapshot: Snapshot
    rows: tuple[Row, ...]
    listener: Listener
    images: Mapping[str, str]  # SHA-256 by key
    excused: tuple[str, ...] = ()  # <job>/<type> of events that need not have been heard yet

    @property
    def jobs(self) -> tuple[Job, ...]:
        return self.snapshot.jobs

    @cached_property
    def _rows_by_prompt(self) -> Mapping[str, list[Row]]:
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            rows[row.prompt].append(row)
        return rows

    @cached_property
    def by_task(self) -> Mapping[tuple[str, TaskId], Row]:
        return {(row.provider, TaskId(row.task_id)): row for row in self.rows}

    def rows_of(self, job: Job) -> list[Row]:
        return self._rows_by_prompt.get(job.input.prompt, [])

    def rows_of_submission(self, job: Job, one: Submission) -> list[Row]:
        """Return what was accepted of a submission: between its own sending and the next one."""
        if one.sent_at is None:
            return []
        later = [s.sent_at for s in job.submissions if s.sent_at and s.sent_at > one.sent_at]
        until = min(later, default=None)
        return [
            row
            for row in self.rows_of(job)
            if one.sent_at <= row.accepted_at and (until is None or row.accepted_at < until)
        ]

    def is_beyond_recovery(self, job: Job, one: Submission) -> bool:
        """Whether nobody can tell what became of a submission before its deadline.

        At APIXO only a callback can; Oxen lists what it has accepted.
        """
        rows = self.rows_of_submission(job, one)
        if job.provider == "apixo":
            return not any(row.was_called_back for row in rows)
        return not rows

    def waits_for_its_deadline(self, job: Job) -> bool:
        """Whether all that is still open of a job is of unknown fate, and rightly so."""
        lost = unanswered(job)
        return (
            bool(lost)
            and lost == job.followed
            and all(self.is_beyond_recovery(job, one) for one in lost)
        )
