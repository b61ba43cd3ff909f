"""POST /v1/jobs: admit the job, then call the provider."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.api.app import answer, base_url_of, bearer_of, body_of, http_app, text_of
from shared.api.requests import JobRequest, idempotency_of, read
from shared.api.views import job_view
from shared.domain.errors import InvalidRequest
from shared.domain.job import Job
from shared.wiring import Service

logger = Logger()


def create_app(service: Service) -> APIGatewayHttpResolver:
    app = http_app(logger)

    @app.post("/v1/jobs")
    def submit_job() -> Response[str]:
        key = service.authenticate(bearer_of(app))
        request = read(JobRequest, body_of(app.current_event.raw_event))
        name = app.current_event.headers.get("idempotency-key")
        base_url = base_url_of(app, known=service.base_url)
        idempotency = idempotency_of(name, key_id=key.id, request=request)
        try:
            admitted = service.admit_job(
                request.wish(service.clock.now(), force_failover=_forces_failover(app)),
                key=key,
                idempotency=idempotency,
                # The job as admitted, whatever becomes of it: a new job has no images to sign.
                render=lambda job: text_of(job_view(job, base_url=base_url, sign=str)),
            )
        except InvalidRequest:
            earlier = service.admit_job.earlier(idempotency)
            if earlier is None:
                raise
            admitted = earlier
        headers = {"location": json.loads(admitted.answer)["urls"]["self"]}
        if admitted.job:
            _send_off(service, admitted.job)
        else:
            headers["idempotent-replayed"] = "true"
        return answer(admitted.answer, status=HTTPStatus.ACCEPTED, headers=headers)

    return app


def _forces_failover(app: APIGatewayHttpResolver) -> bool:
    """Sandboxes only: lets the first provider fail, to see what the next one does."""
    value = app.current_event.headers.get("x-seedhook-force-failover") or ""
    return value.strip().lower() in {"1", "true", "on", "yes"}


def _send_off(service: Service, job: Job) -> None:
    """The job is written down: whatever fails from here on, the watch sees to it."""
    try:
        service.send_off(job)
    except Exception:
        logger.exception("not sent off", job_id=job.id)
    else:
        logger.info("submitted", job_id=job.id)


@cache
def _app() -> APIGatewayHttpResolver:
    return create_app(Service())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return _app().resolve(event, context)
