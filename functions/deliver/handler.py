"""Posts one event to one receiver, signed."""

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

from shared.adapters.sqs import read_delivery_message
from shared.wiring import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def deliver(service: Service, body: str) -> None:
    """Deliver, and say what came of it: never where to, nor what was answered."""
    delivery_id = read_delivery_message(body)
    outcome = service.deliver_webhook(delivery_id)
    if outcome.delivery is None:
        logger.info("nothing to deliver", delivery_id=delivery_id)
    else:
        logger.info(
            "delivered" if outcome.delivery.due_at is None else "to be tried again",
            delivery_id=delivery_id,
            webhook_id=outcome.delivery.webhook_id,
            status=outcome.delivery.status,
        )
    if outcome.warns and outcome.webhook:
        logger.warning(
            "webhook keeps failing",
            webhook_id=outcome.webhook.id,
            warnings=outcome.webhook.warnings,
            failing_since=str(outcome.webhook.failing_since),
        )


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    deliver(_service(), record.body)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event=event, record_handler=_record, processor=processor, context=context
    )
