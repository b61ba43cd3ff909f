"""The route that lets a caller upload."""

from http import HTTPStatus

from shared.api.app import answer, bearer_of, body_of
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.domain.public import timestamp
from shared.wiring.service import Service


def add_upload_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.post("/v1/uploads")
    def open_upload() -> Response[str]:
        from shared.api.reading import read
        from shared.api.upload_requests import UploadRequest

        key = service.authenticate(bearer_of(app))
        wanted = read(UploadRequest, body_of(app.current_event.raw_event))
        opened = service.open_upload(
            key.tenant, content_type=wanted.content_type, size=wanted.bytes
        )
        document = {
            "id": opened.reference,
            "object": "upload",
            "url": opened.form.url,
            "fields": dict(opened.form.fields),
            "max_bytes": opened.most_bytes,
            "expires_at": timestamp(opened.expires_at),
        }
        return answer(document, status=HTTPStatus.CREATED)
