"""The routes of OpenAI's image API."""

from shared.api.app import bearer_of
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.wiring.service import Service


def add_image_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.post("/v1/images/generations")
    def generate_images() -> Response[str]:
        from functions.image_posts import generated

        # Before the body is read: a caller without a key costs nothing more.
        key = service.authenticate(bearer_of(app))
        return generated(app, service, key)

    @app.post("/v1/images/edits")
    def edit_images() -> Response[str]:
        from functions.image_posts import edited

        key = service.authenticate(bearer_of(app))
        return edited(app, service, key)
