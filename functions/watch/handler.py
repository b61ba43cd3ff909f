"""Woken by a submission or the schedule: watch while anything is open."""

from datetime import timedelta
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.wiring.service import Service

logger = Logger()

# Time to finish the last look and give the lease back.
_RESERVE: Final = timedelta(seconds=60)


def watch(service: Service, *, owner: str, left: timedelta) -> None:
    looks = service.watch_jobs(owner=owner, until=service.clock.now() + left - _RESERVE)
    logger.info("watched", looks=looks)


@cache
def _service() -> Service:
    return Service()


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    del event
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    watch(_service(), owner=context.aws_request_id, left=left)
