"""Recover submissions whose answer was lost: by what the provider lists, or by a callback."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.errors import ProviderUnreadable, TaskTaken
from shared.domain.ids import TaskId
from shared.domain.job import Job
from shared.domain.offers import Catalog
from shared.domain.reports import TaskReport
from shared.domain.submission import UNANSWERED, Submission, name_of
from shared.ports.jobs import JobStore
from shared.ports.messages import TaskHint
from shared.ports.providers import Providers, Recovery
from shared.ports.runtime import Clock
from shared.usecases.revise import revise

_SOON: Final = timedelta(seconds=15)

type Endings = Mapping[Submission, tuple[TaskReport, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover:
    jobs: JobStore
    catalog: Catalog
    providers: Providers
    clock: Clock

    def __call__(self, job: Job) -> tuple[Job, Endings]:
        """Return the job with what was found, and of what is over at the provider how it ended."""
        now, endings = self.clock.now(), dict[Submission, tuple[TaskReport, ...]]()
        for submission in job.followed:
            if submission.state not in UNANSWERED or not _is_unanswered(submission, now):
                continue
            found = self._found(job, submission)
            if found.report:
                endings[submission] = (found.report,)
            free = self._unowned(submission.provider, found.task_ids)
            if found.task_ids and len(free) == submission.images_asked:
                job = self._accept(job, submission, free)
        return job, endings

    def adopt(self, job: Job, hint: TaskHint) -> Job:
        """Take a task id from a callback that overtook our own answer, once the provider knows it.

        Only where exactly one submission waits for its ids: otherwise the id could fit several.
        Raises ProviderUnreadable.
        """
        waiting = [s for s in job.followed if s.attempt == hint.attempt and s.state in UNANSWERED]
        if len(waiting) != 1 or hint.task_id in job.task_ids:
            return job
        provider = waiting[0].provider
        self.providers[provider].report(self.catalog.offer(job.model, provider), (hint.task_id,))
        return self._accept(job, waiting[0], (hint.task_id,))

    def _found(self, job: Job, submission: Submission) -> Recovery:
        offer = self.catalog.offer(job.model, submission.provider)
        name = name_of(job.id, submission)
        try:
            return self.providers[submission.provider].recover(offer, submission, name=name)
        except ProviderUnreadable:  # looked for again as long as there is hope
            return Recovery()

    def _unowned(self, provider: str, seen: tuple[TaskId, ...]) -> tuple[TaskId, ...]:
        taken = self.jobs.owned(provider, seen) if seen else frozenset[TaskId]()
        return tuple(task_id for task_id in seen if task_id not in taken)

    def _accept(self, job: Job, waiting: Submission, task_ids: tuple[TaskId, ...]) -> Job:
        def change(current: Job) -> Job | None:
            if waiting not in current.submissions:
                return None  # its own answer came meanwhile
            now = self.clock.now()
            due = now + _SOON
            accepted = waiting.accepted(task_ids)
            return current.answered([accepted], at=now, check_at=due, retry_at=due)

        try:
            return revise(self.jobs, job.id, change)
        except TaskTaken:  # it belongs to another job
            return job


def _is_unanswered(submission: Submission, now: datetime) -> bool:
    """Whether the provider's own answer can no longer be on its way."""
    return submission.sent_at is not None and now >= submission.sent_at + submission.answer_patience
