"""Sending off what was admitted, within the time that is left for the answer."""

from datetime import datetime, timedelta
from typing import Final

from aws_lambda_powertools import Logger

from shared.domain.job import Job
from shared.wiring.service import Service

logger = Logger()

# The provider has 8 seconds to answer, and its answer has to be written down.
_INLINE_CALL: Final = timedelta(seconds=10)


def send_off(service: Service, job: Job, *, answer_by: datetime) -> None:
    """The job is written down: whatever fails from here on, the watch sees to it."""
    with logger.append_context_keys(job_id=job.id):
        try:
            sent = _send_off(service, job, answer_by)
        except Exception:
            logger.exception("not sent off")
        else:
            logger.info("submitted", attempt=len(sent.attempts), status=sent.status)


def _send_off(service: Service, job: Job, answer_by: datetime) -> Job:
    if service.clock.now() + _INLINE_CALL <= answer_by:
        return service.send_off(job)
    service.dispatch_queue.send(job.id)
    return job
