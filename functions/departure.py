"""Sending off what was admitted, within the time that is left for the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aws_lambda_powertools import Logger

from shared.domain.job import Job
from shared.usecases.admit_job import Admitted
from shared.usecases.sending import Claimed
from shared.wiring.service import Service

logger = Logger()

# The provider has 8 seconds to answer, and its answer has to be written down.
_INLINE_CALL: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    service: Service
    answer_by: datetime

    @property
    def is_in_time(self) -> bool:
        """Whether a provider can still be called before the answer is due."""
        return self.service.clock.now() + _INLINE_CALL <= self.answer_by

    def claim(self, job: Job) -> Claimed | None:
        """Return what a job about to be written is claimed with, if it goes out at once."""
        return self.service.send_off.claim(job) if self.is_in_time else None

    def send_off(self, admitted: Admitted) -> None:
        """A new job is written down: whatever fails from here on, the watch sees to it."""
        job = admitted.job
        if job is None:
            return
        go = self.service.send_off if self.is_in_time else self.service.send_off.later
        with logger.append_context_keys(job_id=job.id):
            try:
                sent = go(job, admitted.claimed)
            except Exception:
                logger.exception("not sent off")
            else:
                logger.info("submitted", attempt=len(sent.attempts), status=sent.status)
