"""What the functions behind queues have in common: a message is told in the log, come what may."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()

# What work may append to the lines of one message, and of that one alone.
_OF_A_MESSAGE: Final = ("correlation_id", "job_id", "delivery_id")


def work_off(
    event: dict[str, Any],
    context: LambdaContext,
    *,
    processor: BatchProcessor,
    work: Callable[[SQSRecord], None],
) -> PartialItemFailureResponse:
    """Work message by message; those that fail come again, and the log says why."""

    def told(record: SQSRecord) -> None:
        logger.append_keys(correlation_id=record.message_id)
        try:
            work(record)
        except Exception:
            tries = int(record.attributes.approximate_receive_count)
            logger.exception("not done, the queue brings it again", tries=tries)
            raise
        finally:
            logger.remove_keys(_OF_A_MESSAGE)

    return process_partial_response(
        event=event, record_handler=told, processor=processor, context=context
    )


def sent_at(record: SQSRecord) -> datetime:
    """Return when the message was put into its queue."""
    return datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC)
