"""Put the results of an edit where its user looks for them: beside a copy of the object's path."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from shared.domain.edits import copy_of, report_beside
from shared.domain.errors import JobNotFound, ResultUnavailable
from shared.domain.events import Event
from shared.domain.job import Job
from shared.domain.public import job_document
from shared.ports.jobs import JobStore
from shared.ports.media import MediaStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceResults:
    """Done before the event is published, as often as that: the same copies every time."""

    jobs: JobStore
    media: MediaStore

    def __call__(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.source_job:
                try:
                    job = self.jobs.get(event.source_job)
                except JobNotFound:  # deleted meanwhile, and its results with it
                    continue
                self._place(job)

    def _place(self, job: Job) -> None:
        if job.source is None or not job.is_terminal:
            return
        for image in job.images:
            with suppress(ResultUnavailable):  # removed by its owner; other events are waiting
                self.media.place(image, to=copy_of(image, source=job.source), of=job.id)
        document = json.dumps(job_document(job), indent=2)
        self.media.write_document(report_beside(job.source), document.encode(), of=job.id)
