"""Takes in what was dropped into the uploads bucket, and jobs that were asked for by an event."""

import json
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records import work_off
from shared.adapters.sqs import read_batch_message
from shared.api.intake import Incoming, read_incoming, read_wish
from shared.usecases.take_batch import is_batch
from shared.usecases.taken import ReadWish, Taken
from shared.wiring.service import Service

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def intake(service: Service, body: str) -> None:
    step = read_batch_message(body)
    if step:
        batch = service.run_batch(*step, read_wish=_reader(service))
        logger.info("batch", batch_id=batch.id, status=batch.state, next_line=batch.next_line)
        return
    incoming = read_incoming(body)
    if incoming is None:
        logger.warning("not an event that anything is taken from")
        return
    taken = _take(service, incoming)
    if taken.wait_seconds:
        service.intake_queue.send_later(incoming.once_more(), seconds=taken.wait_seconds)
        logger.info("comes again", seconds=taken.wait_seconds)
    elif taken.job:
        logger.info("taken in", job_id=taken.job.id)
    elif taken.refused:
        logger.info("refused", code=taken.refused)


def _reader(service: Service) -> ReadWish:
    return lambda request: read_wish(request, service.clock.now())


def _take(service: Service, incoming: Incoming) -> Taken:
    reader = _reader(service)
    if incoming.drop and is_batch(incoming.drop.key):
        batch = service.take_batch(incoming.drop)
        return Taken() if batch else Taken(refused="batch")
    if incoming.drop:
        return service.take_drop(incoming.drop, read_wish=reader, waited=incoming.waited)
    return service.take_request(
        incoming.event_id,
        json.dumps(incoming.detail).encode(),
        at=incoming.at,
        read_wish=reader,
    )


@cache
def _service() -> Service:
    return Service()


def _record(record: SQSRecord) -> None:
    intake(_service(), record.body)


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return work_off(event, context, processor=processor, work=_record)
