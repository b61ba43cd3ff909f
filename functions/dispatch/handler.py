"""Calls the provider for one job: what could not go out inline, and retries."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records import work_off
from shared.adapters.sqs import read_message
from shared.domain.errors import JobNotFound
from shared.wiring.service import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def dispatch(service: Service, body: str) -> None:
    job_id, _ = read_message(body)
    logger.append_keys(job_id=job_id)
    try:
        job = service.dispatch_attempt(job_id)
    except JobNotFound:  # deleted meanwhile: trying again would not bring it back
        logger.info("deleted")
    else:
        logger.info("dispatched", attempt=len(job.attempts), status=job.status, trace=job.trace)


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    dispatch(_service(), record.body)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_off(event, context, processor=processor, work=_record)
