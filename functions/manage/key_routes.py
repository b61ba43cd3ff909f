"""Keys and usage: who may spend what, and who has."""

from collections.abc import Callable
from http import HTTPStatus

from aws_lambda_powertools import Logger

from shared.api.app import answer, bearer_of, body_of
from shared.api.key_views import issued_view, keys_view
from shared.api.path_ids import key_id_in
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.usage_views import UsageQuery, usage_csv, usage_view
from shared.domain.usage import summed
from shared.wiring.service import Service

logger = Logger()


def add_key_routes(
    app: APIGatewayHttpResolver, service: Service, only_admin: Callable[[], None]
) -> None:
    @app.post("/v1/keys")
    def create_key() -> Response[str]:
        from shared.api.key_requests import KeyRequest
        from shared.api.reading import read

        only_admin()
        request = read(KeyRequest, body_of(app.current_event.raw_event))
        now = service.clock.now()
        terms = request.terms(service.catalog, now)
        issued = service.issue_key(tenant=request.tenant, name=request.name, terms=terms)
        logger.info("key created", key_id=issued.key.id)
        return answer(issued_view(issued, now), status=HTTPStatus.CREATED)

    @app.get("/v1/keys")
    def list_keys() -> Response[str]:
        only_admin()
        found, now = service.list_keys(), service.clock.now()
        data = keys_view(found.keys, found.accounts, found.used, now)
        return answer({"object": "list", "data": data})

    @app.delete("/v1/keys/<key_id>")
    def revoke_key(key_id: str) -> Response[str]:
        only_admin()
        service.revoke_key(key_id_in(key_id))
        logger.info("key revoked", key_id=key_id)
        return answer("", status=HTTPStatus.NO_CONTENT)

    @app.post("/v1/keys/<key_id>/rotate")
    def rotate_key(key_id: str) -> Response[str]:
        only_admin()
        issued = service.rotate_key(key_id_in(key_id))
        logger.info("key rotated", key_id=key_id)
        return answer(issued_view(issued, service.clock.now()))


def add_usage_route(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/usage")
    def show_usage() -> Response[str]:
        key = service.authenticate(bearer_of(app))
        parameters = app.current_event.query_string_parameters
        query = UsageQuery.of(parameters, today=service.clock.now().date())
        lines = service.usage_book.lines(
            key.tenant, since=query.since, until=query.until, tagged=query.group_by == "tag"
        )
        sums = summed(lines, by=query.field)
        if query.format == "csv":
            return answer(usage_csv(query, sums), content_type="text/csv; charset=utf-8")
        return answer(usage_view(query, sums))
