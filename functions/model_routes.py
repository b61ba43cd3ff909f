"""The routes that tell which models there are."""

from shared.api.app import answer, bearer_of
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.views import model_view
from shared.domain.errors import ModelNotFound
from shared.wiring.service import Service


def add_model_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/models")
    def list_models() -> Response[str]:
        service.authenticate(bearer_of(app))
        models = [model_view(model) for model in service.catalog.models]
        return answer({"object": "list", "data": models})

    @app.get("/v1/models/<model_id>")
    def get_model(model_id: str) -> Response[str]:
        service.authenticate(bearer_of(app))
        model = service.catalog.find(model_id)
        if model is None:
            raise ModelNotFound(f"there is no model {model_id[:100]}")
        return answer(model_view(model))
