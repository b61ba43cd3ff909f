"""From the table's stream to the event bus."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.adapters.dynamodb.items import read_event
from shared.wiring.service import Service

logger = Logger()


def publish(service: Service, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Publish announced events; the mapping's filter lets nothing else through."""
    announced = [read_event(record["dynamodb"]["NewImage"]) for record in records]
    left = service.publish_events(announced)
    logger.info("published", events=len(announced) - left)
    if left == 0:
        return {"batchItemFailures": []}
    # Those taken are published once more with the rest: receivers know an event by its id.
    first = records[0]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": first}]}


@cache
def _service() -> Service:
    return Service()


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    del context
    return publish(_service(), event["Records"])
