"""Routes about webhooks and deliveries."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from shared.api.app import answer, bearer_of, body_of, number_of
from shared.api.path_ids import delivery_id_in, webhook_id_in
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.webhook_views import delivery_view, webhook_view
from shared.domain.api_key import ApiKey
from shared.domain.delivery import Delivery, DeliveryStatus
from shared.domain.errors import FieldError, InvalidRequest
from shared.wiring.service import Service


def add_webhook_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    _add_lifecycle(app, service)
    _add_secrets(app, service)
    _add_deliveries(app, service)


def _add_lifecycle(app: APIGatewayHttpResolver, service: Service) -> None:
    caller = _caller(app, service)

    @app.post("/v1/webhooks")
    def create_webhook() -> Response[str]:
        from shared.api.reading import read
        from shared.api.webhook_requests import WebhookRequest

        key = caller()
        wanted = read(WebhookRequest, body_of(app.current_event.raw_event)).registration()
        webhook = service.manage_webhooks.create(key.tenant, wanted)
        return answer(webhook_view(webhook, with_secret=True), status=HTTPStatus.CREATED)

    @app.get("/v1/webhooks")
    def list_webhooks() -> Response[str]:
        webhooks = service.webhooks.of_tenant(caller().tenant)
        return answer({"object": "list", "data": [webhook_view(one) for one in webhooks]})

    @app.get("/v1/webhooks/<webhook_id>")
    def get_webhook(webhook_id: str) -> Response[str]:
        return answer(
            webhook_view(service.webhooks.get(caller().tenant, webhook_id_in(webhook_id)))
        )

    @app.patch("/v1/webhooks/<webhook_id>")
    def change_webhook(webhook_id: str) -> Response[str]:
        from shared.api.reading import read
        from shared.api.webhook_requests import WebhookChangeRequest

        key = caller()
        wanted = read(WebhookChangeRequest, body_of(app.current_event.raw_event)).change()
        changed = service.manage_webhooks.change(key.tenant, webhook_id_in(webhook_id), wanted)
        return answer(webhook_view(changed))

    @app.delete("/v1/webhooks/<webhook_id>")
    def remove_webhook(webhook_id: str) -> Response[str]:
        service.manage_webhooks.remove(caller().tenant, webhook_id_in(webhook_id))
        return answer("", status=HTTPStatus.NO_CONTENT)


def _add_secrets(app: APIGatewayHttpResolver, service: Service) -> None:
    caller = _caller(app, service)

    @app.get("/v1/webhooks/secret")
    def get_secret() -> Response[str]:
        key = caller()
        return answer({"object": "webhook_secret", "key": key.id, "secret": key.webhook_secret})

    @app.post("/v1/webhooks/<webhook_id>/rotate")
    def rotate_secret(webhook_id: str) -> Response[str]:
        webhook = service.manage_webhooks.rotate(caller().tenant, webhook_id_in(webhook_id))
        return answer(webhook_view(webhook, with_secret=True))


def _add_deliveries(app: APIGatewayHttpResolver, service: Service) -> None:
    caller = _caller(app, service)

    def query() -> dict[str, str]:
        return dict(app.current_event.query_string_parameters)

    @app.post("/v1/webhooks/<webhook_id>/recover")
    def recover(webhook_id: str) -> Response[str]:
        from shared.api.webhook_requests import read_moment

        webhook = service.webhooks.get(caller().tenant, webhook_id_in(webhook_id))
        since = read_moment(query().get("since"), pointer="?since")
        done = service.redeliver.recover(webhook, since=since, cursor=query().get("cursor"))
        document = {"object": "recovery", "webhook": webhook.id, "resent": done.count}
        return answer(document | {"cursor": done.cursor})

    @app.get("/v1/deliveries")
    def list_deliveries() -> Response[str]:
        key = caller()
        limit = number_of(app, "limit", default=20, least=1, most=100)
        cursor = query().get("cursor")
        matches = _filter(query())
        page = service.redeliver.matching(key.tenant, matches, limit=limit, cursor=cursor)
        data = [delivery_view(one) for one in page.deliveries]
        document: dict[str, Any] = {"object": "list", "data": data}
        return answer(document | ({"cursor": page.cursor} if page.cursor else {}))

    @app.get("/v1/deliveries/<delivery_id>")
    def get_delivery(delivery_id: str) -> Response[str]:
        delivery = service.redeliver.find(caller().tenant, delivery_id_in(delivery_id))
        return answer(delivery_view(delivery, with_body=True))

    @app.post("/v1/deliveries/<delivery_id>/resend")
    def resend(delivery_id: str) -> Response[str]:
        delivery = service.redeliver.resend(caller().tenant, delivery_id_in(delivery_id))
        return answer(delivery_view(delivery), status=HTTPStatus.ACCEPTED)


def _caller(app: APIGatewayHttpResolver, service: Service) -> Callable[[], ApiKey]:
    return lambda: service.authenticate(bearer_of(app))


def _filter(query: dict[str, str]) -> Callable[[Delivery], bool]:
    """Return what tells which deliveries are asked for. Raises InvalidRequest."""
    job, webhook, status = (query.get(name) for name in ("job", "webhook", "status"))
    if status is not None and status not in set(DeliveryStatus):
        message = f"must be one of {', '.join(DeliveryStatus)}"
        raise InvalidRequest([FieldError(pointer="?status", code="unknown", message=message)])

    def matches(delivery: Delivery) -> bool:
        return (
            job in {None, delivery.job_id}
            and webhook in {None, delivery.webhook_id}
            and status in {None, delivery.status}
        )

    return matches
