"""Looks at stored images, and makes a small preview of each that can be decoded."""

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


def preview(service: Service, body: str) -> None:
    job_id, _ = read_message(body)
    logger.append_keys(job_id=job_id)
    try:
        looks = service.make_previews(job_id)
    except JobNotFound:  # deleted meanwhile, and what was made of it as well
        logger.info("deleted")
    else:
        made = sum(look.verified for look in looks)
        logger.info("looked at", previews=made, unverified=len(looks) - made)


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    preview(_service(), record.body)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_off(event, context, processor=processor, work=_record)
