"""Asks the provider, stores the images, settles the job."""

from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records import sent_at, work_off
from shared.adapters.sqs import read_message
from shared.domain.errors import JobNotFound
from shared.domain.metrics import of_callback
from shared.wiring.service import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def collect(service: Service, body: str, *, sent_at: datetime) -> None:
    job_id, hint = read_message(body)
    logger.append_keys(job_id=job_id)
    began_at = service.clock.now()
    try:
        job = service.collect_result(job_id, hint=hint)
    except JobNotFound:  # deleted meanwhile: trying again would not bring it back
        logger.info("deleted")
        return
    logger.info("collected", attempt=len(job.attempts), status=job.status, trace=job.trace)
    if hint:  # then a callback sent it
        service.metrics(of_callback(job, heard_at=sent_at, began_at=began_at))


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    collect(_service(), record.body, sent_at=sent_at(record))


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_off(event, context, processor=processor, work=_record)
