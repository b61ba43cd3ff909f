"""POST /v1/callbacks/{provider}/{job_id}/{attempt}/{token}: prove, keep, hand on, answer."""

import base64
import re
from functools import cache
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.api.correlation import request_id_of
from shared.api.security import SECURITY_HEADERS
from shared.domain.callback_token import CallbackTarget
from shared.domain.ids import JobId
from shared.domain.measurement import Measurement, Metric
from shared.wiring.service import Service

logger = Logger()

_HEADERS: Final = {"content-type": "application/json", **SECURITY_HEADERS}
_TAKEN: Final = {"statusCode": 200, "headers": _HEADERS, "body": '{"received":true}'}
# One answer whatever is wrong: a guess learns nothing.
_UNKNOWN: Final = {"statusCode": 404, "headers": _HEADERS, "body": '{"code":"not_found"}'}
_LATER: Final = {"statusCode": 503, "headers": _HEADERS, "body": '{"code":"try_again"}'}
_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


def handle(service: Service, event: dict[str, Any]) -> dict[str, Any]:
    path = event.get("pathParameters") or {}
    attempt = path.get("attempt", "")
    if not _ATTEMPT.fullmatch(attempt):
        return _UNKNOWN
    target = CallbackTarget(
        provider=path.get("provider", ""),
        job_id=JobId(path.get("job_id", "")),
        attempt=int(attempt),
    )
    try:
        genuine = service.accept_callback(target, token=path.get("token", ""), body=_body(event))
    except Exception:  # neither archive nor queue took it: the provider tries again
        logger.exception("callback not taken")
        return _LATER
    if not genuine:
        logger.warning("forged callback", provider=target.provider[:20])
        service.metrics([Measurement(metric=Metric.FORGED_CALLBACKS)])
        return _UNKNOWN
    logger.info("callback taken", job_id=target.job_id, attempt=target.attempt)
    return _TAKEN


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body)
    except ValueError:
        return b""


@cache
def _service() -> Service:
    return Service()


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    del context
    logger.set_correlation_id(request_id_of(event))
    return handle(_service(), event)
