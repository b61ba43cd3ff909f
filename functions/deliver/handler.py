"""Posts one event to one receiver, signed."""

import json
from datetime import datetime
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records import work_off
from shared.adapters.sqs import read_delivery_message
from shared.domain.delivery import Delivery
from shared.domain.metrics import of_delivery
from shared.usecases.deliver_webhook import Outcome
from shared.wiring.service import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def deliver(service: Service, body: str) -> None:
    """Deliver, and say what came of it: never where to, nor what was answered."""
    delivery_id = read_delivery_message(body)
    logger.append_keys(delivery_id=delivery_id)
    outcome = service.deliver_webhook(delivery_id)
    if outcome.delivery is None:
        logger.info("nothing to deliver")
    else:
        _tell(outcome.delivery)
        announced_at = datetime.fromisoformat(json.loads(outcome.delivery.body)["created_at"])
        service.metrics(of_delivery(outcome.delivery, announced_at=announced_at))
    _warn(outcome)


def _tell(delivery: Delivery) -> None:
    logger.info(
        "delivered" if delivery.due_at is None else "to be tried again",
        job_id=delivery.job_id,
        attempt=delivery.tried,
        webhook_id=delivery.webhook_id,
        status=delivery.status,
    )


def _warn(outcome: Outcome) -> None:
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
    return work_off(event, context, processor=processor, work=_record)
