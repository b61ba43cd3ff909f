"""Asks the provider, stores the images, settles the job."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.adapters.sqs import read_message
from shared.domain.errors import JobNotFound
from shared.wiring import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def collect(service: Service, body: str) -> None:
    job_id, hint = read_message(body)
    try:
        job = service.collect_result(job_id, hint=hint)
    except JobNotFound:  # deleted meanwhile: trying again would not bring it back
        logger.info("deleted", job_id=job_id)
    else:
        logger.info("collected", job_id=job.id, status=job.status)


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    collect(_service(), record.body)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=_record, processor=processor, context=context
    )
