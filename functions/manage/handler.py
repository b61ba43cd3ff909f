"""Everything that reads or manages, and the answer to routes that do not exist."""

from functools import cache
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.manage.batch_routes import add_batch_routes
from functions.manage.upload_routes import add_upload_routes
from functions.manage.webhook_routes import add_webhook_routes
from shared.api.app import answer, base_url_of, bearer_of, body_of, http_app, number_of
from shared.api.provider_views import providers_view
from shared.api.requests import KeyRequest, ReplayRequest, read
from shared.api.views import file_name, job_view, model_view
from shared.domain.errors import (
    Forbidden,
    ImageNotFound,
    JobNotFound,
    ModelNotFound,
)
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.wiring import Service

logger = Logger()

_DEFAULT_PAGE: Final = 20
_LARGEST_PAGE: Final = 100
_LONGEST_WAIT: Final = 25  # seconds


def create_app(service: Service) -> APIGatewayHttpResolver:
    app = http_app(logger)
    _add_job_routes(app, service)
    _add_model_routes(app, service)
    add_upload_routes(app, service)
    add_webhook_routes(app, service)
    add_batch_routes(app, service)
    _add_admin_routes(app, service)

    @app.get("/v1/health")
    def health() -> Response[str]:
        return answer({"status": "ok"})

    return app


def _add_job_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    def view(job: Job) -> dict[str, Any]:
        return job_view(
            job,
            base_url=base_url_of(app, known=service.base_url),
            sign=lambda image: service.media.link(image.key, filename=file_name(job, image)),
        )

    @app.get("/v1/jobs")
    def list_jobs() -> Response[str]:
        key = service.authenticate(bearer_of(app))
        limit = number_of(app, "limit", default=_DEFAULT_PAGE, least=1, most=_LARGEST_PAGE)
        cursor = app.current_event.query_string_parameters.get("cursor")
        page = service.jobs.newest(key.tenant, limit=limit, cursor=cursor)
        document: dict[str, Any] = {"object": "list", "data": [view(job) for job in page.jobs]}
        return answer(document | ({"cursor": page.cursor} if page.cursor else {}))

    @app.get("/v1/jobs/<job_id>")
    def get_job(job_id: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        seconds = number_of(app, "wait", default=0, least=0, most=_LONGEST_WAIT)
        return answer(view(service.await_change(job, seconds=seconds)))

    @app.post("/v1/jobs/<job_id>/cancel")
    def cancel_job(job_id: str) -> Response[str]:
        return answer(view(service.cancel_job(_job_of_caller(app, service, job_id))))

    @app.post("/v1/jobs/<job_id>/retry")
    def retry_job(job_id: str) -> Response[str]:
        job = service.retry_job(_job_of_caller(app, service, job_id))
        return answer(view(job), status=HTTPStatus.ACCEPTED)

    @app.delete("/v1/jobs/<job_id>")
    def delete_job(job_id: str) -> Response[str]:
        service.delete_job(_job_of_caller(app, service, job_id))
        return answer("", status=HTTPStatus.NO_CONTENT)

    @app.get("/v1/jobs/<job_id>/images/<index>")
    def get_image(job_id: str, index: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        image = next((image for image in job.images if str(image.index) == index), None)
        if image is None:
            raise ImageNotFound(f"{job.id} has no image {index[:20]}")
        link = service.media.link(image.key, filename=file_name(job, image))
        return answer({"url": link}, status=HTTPStatus.FOUND, headers={"location": link})


def _add_model_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/models")
    def list_models() -> Response[str]:
        service.authenticate(bearer_of(app))
        models = [model_view(model) for model in service.catalog.models]
        return answer({"object": "list", "data": models})

    @app.get("/v1/providers")
    def list_providers() -> Response[str]:
        service.authenticate(bearer_of(app))
        states = service.provider_gate.states()
        data = providers_view(service.catalog, service.accesses, states, service.limits)
        return answer({"object": "list", "data": data})

    @app.get("/v1/models/<model_id>")
    def get_model(model_id: str) -> Response[str]:
        service.authenticate(bearer_of(app))
        model = service.catalog.find(model_id)
        if model is None:
            raise ModelNotFound(f"there is no model {model_id[:100]}")
        return answer(model_view(model))


def _add_admin_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    def only_admin() -> None:
        if not service.is_admin_key(bearer_of(app)):
            raise Forbidden("this takes the deployment's admin key")

    @app.post("/v1/callbacks/replay")
    def replay_callbacks() -> Response[str]:
        only_admin()
        request = read(ReplayRequest, body_of(app.current_event.raw_event))
        job_id = JobId(request.job) if request.job else None
        replayed = service.replay_callbacks(job_id=job_id, cursor=request.cursor)
        logger.info("callbacks replayed", count=replayed.count)
        return answer({"replayed": replayed.count, "cursor": replayed.cursor})

    @app.post("/v1/keys")
    def create_key() -> Response[str]:
        only_admin()
        request = read(KeyRequest, body_of(app.current_event.raw_event))
        issued = service.issue_key(tenant=request.tenant, name=request.name)
        logger.info("key created", key_id=issued.key.id)
        document = {
            "id": issued.key.id,
            "object": "key",
            "name": issued.key.name,
            "tenant": issued.key.tenant,
            "key": issued.text,
            "webhook_secret": issued.key.webhook_secret,
        }
        return answer(document, status=HTTPStatus.CREATED)


def _job_of_caller(app: APIGatewayHttpResolver, service: Service, job_id: str) -> Job:
    """Another tenant's job looks as if it did not exist."""
    key = service.authenticate(bearer_of(app))
    job = service.jobs.get(JobId(job_id))
    if job.tenant != key.tenant:
        raise JobNotFound(job_id)
    return job


@cache
def _app() -> APIGatewayHttpResolver:
    return create_app(Service())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _app().resolve(event, context)
