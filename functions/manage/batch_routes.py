"""Routes about batches."""

from http import HTTPStatus

from shared.api.app import answer, bearer_of, body_of
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.domain.ids import BatchId
from shared.domain.public import batch_document
from shared.wiring.service import Service


def add_batch_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.post("/v1/batches")
    def create_batch() -> Response[str]:
        from shared.api.batch_requests import BatchRequest
        from shared.api.reading import read

        key = service.authenticate(bearer_of(app))
        request = read(BatchRequest, body_of(app.current_event.raw_event))
        batch = service.start_batch(request.wish(key.tenant), key=key)
        headers = {"location": f"/v1/batches/{batch.id}"}
        return answer(batch_document(batch), status=HTTPStatus.ACCEPTED, headers=headers)

    @app.get("/v1/batches")
    def list_batches() -> Response[str]:
        tenant = service.authenticate(bearer_of(app)).tenant
        batches = [batch_document(batch) for batch in service.batches.of_tenant(tenant)]
        return answer({"object": "list", "data": batches})

    @app.get("/v1/batches/<batch_id>")
    def get_batch(batch_id: str) -> Response[str]:
        tenant = service.authenticate(bearer_of(app)).tenant
        return answer(batch_document(service.batches.get(tenant, BatchId(batch_id))))
