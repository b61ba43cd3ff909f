"""Routes about batches."""

import json
from http import HTTPStatus

from shared.api.app import answer, bearer_of, body_of, text_of
from shared.api.path_ids import batch_id_in
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.domain.batch import Batch
from shared.domain.errors import AlreadyAdmitted
from shared.domain.public import batch_document
from shared.ports.jobs import Admission
from shared.usecases.admission import admission_of, answer_to
from shared.wiring.service import Service


def add_batch_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.post("/v1/batches")
    def create_batch() -> Response[str]:
        from shared.api.batch_requests import BatchRequest
        from shared.api.reading import read
        from shared.api.requests import idempotency_of

        key = service.authenticate(bearer_of(app))
        request = read(BatchRequest, body_of(app.current_event.raw_event))
        name = app.current_event.headers.get("idempotency-key")
        idempotency = idempotency_of(name, key_id=key.id, request=request)
        known = service.start_batch.earlier(idempotency)
        if known is not None:
            return _accepted(known, is_replay=True)

        def admission(batch: Batch) -> Admission | None:
            # The answer stays that of the start, however the batch ends.
            text = text_of(batch_document(batch))
            return admission_of(text, idempotency, at=service.clock.now())

        try:
            batch = service.start_batch(request.wish(key.tenant), key=key, admission=admission)
        except AlreadyAdmitted as other:  # the same request, at the same moment
            return _accepted(answer_to(other, idempotency), is_replay=True)
        return _accepted(text_of(batch_document(batch)), is_replay=False)

    @app.get("/v1/batches")
    def list_batches() -> Response[str]:
        tenant = service.authenticate(bearer_of(app)).tenant
        batches = [batch_document(batch) for batch in service.batches.of_tenant(tenant)]
        return answer({"object": "list", "data": batches})

    @app.get("/v1/batches/<batch_id>")
    def get_batch(batch_id: str) -> Response[str]:
        tenant = service.authenticate(bearer_of(app)).tenant
        return answer(batch_document(service.batches.get(tenant, batch_id_in(batch_id))))


def _accepted(text: str, *, is_replay: bool) -> Response[str]:
    headers = {"location": f"/v1/batches/{json.loads(text)['id']}"}
    if is_replay:
        headers["idempotent-replayed"] = "true"
    return answer(text, status=HTTPStatus.ACCEPTED, headers=headers)
