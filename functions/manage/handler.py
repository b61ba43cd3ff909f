"""Everything that reads or manages, and the answer to routes that do not exist."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.manage.batch_routes import add_batch_routes
from functions.manage.console_routes import add_console_routes
from functions.manage.job_routes import add_job_routes
from functions.manage.key_routes import add_key_routes, add_usage_route
from functions.manage.upload_routes import add_upload_routes
from functions.manage.webhook_routes import add_webhook_routes
from functions.model_routes import add_model_routes
from shared.adapters.outages import outage_of
from shared.api.app import answer, bearer_of, body_of, http_app
from shared.api.correlation import request_id_of
from shared.api.provider_views import providers_view
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.domain.errors import Forbidden
from shared.domain.ids import JobId
from shared.wiring.service import Service

logger = Logger()


def create_app(service: Service) -> APIGatewayHttpResolver:
    app = http_app(logger, outage_of=outage_of)
    add_job_routes(app, service)
    add_model_routes(app, service)
    _add_provider_route(app, service)
    add_upload_routes(app, service)
    add_webhook_routes(app, service)
    add_batch_routes(app, service)
    _add_admin_routes(app, service)
    add_usage_route(app, service)
    add_console_routes(app, service)

    @app.get("/v1/openapi.json")
    def openapi() -> Response[str]:
        # It gathers every request's schema.
        from shared.api.openapi import openapi_document

        return answer(openapi_document())

    @app.get("/v1/health")
    def health() -> Response[str]:
        return answer({"status": "ok"})

    return app


def _add_provider_route(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/providers")
    def list_providers() -> Response[str]:
        service.authenticate(bearer_of(app))
        states = service.provider_gate.states()
        data = providers_view(service.catalog, service.accesses, states, service.limits)
        return answer({"object": "list", "data": data})


def _add_admin_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    def only_admin() -> None:
        if not service.is_admin_key(bearer_of(app)):
            raise Forbidden("this takes the deployment's admin key")

    @app.post("/v1/callbacks/replay")
    def replay_callbacks() -> Response[str]:
        from shared.api.reading import read
        from shared.api.requests import ReplayRequest

        only_admin()
        request = read(ReplayRequest, body_of(app.current_event.raw_event))
        job_id = JobId(request.job) if request.job else None
        replayed = service.replay_callbacks(job_id=job_id, cursor=request.cursor)
        logger.info("callbacks replayed", count=replayed.count)
        return answer({"replayed": replayed.count, "cursor": replayed.cursor})

    add_key_routes(app, service, only_admin)


@cache
def _app() -> APIGatewayHttpResolver:
    return create_app(Service())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(request_id_of(event))
    return _app().resolve(event, context)
