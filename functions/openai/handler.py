"""OpenAI's image API behind a function URL, where a post waits until its job is over.

API Gateway ends every answer after 30 seconds and a function URL does not, so programs that never
repeat a post work here. Only these routes exist; every other path is 404.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.image_routes import add_image_routes
from functions.model_routes import add_model_routes
from shared.adapters.outages import outage_of
from shared.api.app import http_app
from shared.api.correlation import request_id_of
from shared.api.resolver import APIGatewayHttpResolver
from shared.wiring.service import Service

logger = Logger()


def create_app(service: Service) -> APIGatewayHttpResolver:
    app = http_app(logger, outage_of=outage_of)
    add_image_routes(app, service)
    add_model_routes(app, service)
    return app


@cache
def _app() -> APIGatewayHttpResolver:
    return create_app(Service())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(request_id_of(event))
    return _app().resolve(event, context)
