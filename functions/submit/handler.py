"""POST /v1/jobs and the posts of OpenAI's image API: admit the job, then call the provider."""

import json
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.departure import Departure
from functions.image_routes import add_image_routes
from shared.adapters.outages import outage_of
from shared.api.app import answer, base_url_of, bearer_of, body_of, http_app, text_of
from shared.api.correlation import request_id_of
from shared.api.patience import ANSWER_WITHIN, came_at, preferred_wait
from shared.api.reading import read
from shared.api.requests import JobRequest, idempotency_of
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.views import dry_run_view, job_view
from shared.domain.api_key import ApiKey
from shared.domain.errors import InvalidRequest, JobNotFound
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.usecases.admit_job import Admitted
from shared.wiring.service import Service

logger = Logger()


def create_app(service: Service) -> APIGatewayHttpResolver:
    app = http_app(logger, outage_of=outage_of)
    add_image_routes(app, service)

    @app.post("/v1/jobs")
    def submit_job() -> Response[str]:
        came = came_at(app.current_event.raw_event, service.clock.now())
        key = service.authenticate(bearer_of(app))
        request = read(JobRequest, body_of(app.current_event.raw_event))
        if request.dry_run:
            return _rehearsed(app, service, request, key)
        departure = Departure(service=service, answer_by=came + ANSWER_WITHIN)
        admitted = _admitted(app, service, request, key, departure)
        headers = {"location": json.loads(admitted.answer)["urls"]["self"]}
        departure.send_off(admitted)
        if admitted.job is None:
            headers["idempotent-replayed"] = "true"
        seconds = preferred_wait(app.current_event.headers.get("prefer"))
        if seconds is None:
            return answer(admitted.answer, status=HTTPStatus.ACCEPTED, headers=headers)
        headers["preference-applied"] = f"wait={seconds}"
        return _awaited(app, service, admitted, came + timedelta(seconds=seconds), headers)

    return app


def _rehearsed(
    app: APIGatewayHttpResolver, service: Service, request: JobRequest, key: ApiKey
) -> Response[str]:
    name = app.current_event.headers.get("idempotency-key")
    # Of the post that it rehearses.
    posted = request.model_copy(update={"dry_run": False})
    idempotency = idempotency_of(name, key_id=key.id, request=posted)
    wish = request.wish(service.clock.now(), force_failover=_forces_failover(app))
    job = service.admit_job.rehearse(wish, key=key, idempotency=idempotency)
    return answer(dry_run_view(job))


def _admitted(
    app: APIGatewayHttpResolver,
    service: Service,
    request: JobRequest,
    key: ApiKey,
    departure: Departure,
) -> Admitted:
    name = app.current_event.headers.get("idempotency-key")
    base_url = base_url_of(app, known=service.base_url)
    idempotency = idempotency_of(name, key_id=key.id, request=request)
    try:
        return service.admit_job(
            request.wish(service.clock.now(), force_failover=_forces_failover(app)),
            key=key,
            idempotency=idempotency,
            claim=departure.claim,
            # The answer stays that of the admission, however the job ends.
            render=lambda job: text_of(job_view(job, base_url=base_url, sign=service.media.link)),
        )
    except InvalidRequest:
        earlier = service.admit_job.earlier(idempotency)
        if earlier is None:
            raise
        return earlier


def _awaited(
    app: APIGatewayHttpResolver,
    service: Service,
    admitted: Admitted,
    until: datetime,
    headers: dict[str, str],
) -> Response[str]:
    """Return the finished job, or what it has come to in time."""
    try:
        known = admitted.job or service.jobs.get(JobId(json.loads(admitted.answer)["id"]))
        job = service.await_end(known, until=until)
    except JobNotFound:  # deleted meanwhile: it was admitted all the same
        return answer(admitted.answer, status=HTTPStatus.ACCEPTED, headers=headers)
    status = HTTPStatus.OK if job.is_terminal else HTTPStatus.ACCEPTED
    return answer(_view(app, service, job), status=status, headers=headers)


def _view(app: APIGatewayHttpResolver, service: Service, job: Job) -> dict[str, Any]:
    return job_view(
        job,
        base_url=base_url_of(app, known=service.base_url),
        sign=service.media.link,
    )


def _forces_failover(app: APIGatewayHttpResolver) -> bool:
    """Sandboxes only: lets the first provider fail, to see what the next one does."""
    value = app.current_event.headers.get("x-seedhook-force-failover") or ""
    return value.strip().lower() in {"1", "true", "on", "yes"}


@cache
def _app() -> APIGatewayHttpResolver:
    return create_app(Service())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    logger.set_correlation_id(request_id_of(event))
    return _app().resolve(event, context)
