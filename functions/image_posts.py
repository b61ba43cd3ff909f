"""OpenAI's image API on top of jobs: the answer waits for the job, and repetitions join it.

The official client posts again by itself when an answer fails to come, without an idempotency key.
It says so in x-stainless-retry-count: such a post makes no job while there is one it may mean.
"""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from functions.departure import Departure
from shared.api.app import answer, bearer_of, body_of, text_of
from shared.api.forms import form_of
from shared.api.openai_requests import ImageRequest, edit_of, repetition_of
from shared.api.openai_views import failure, images_document, still_running
from shared.api.patience import ANSWER_WITHIN, came_at
from shared.api.reading import read
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.views import image_link
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Admitted
from shared.wiring.service import Service

_JOB_HEADER: Final = "x-seedhook-job-id"


def generated(app: APIGatewayHttpResolver, service: Service) -> Response[str]:
    return _answered(app, service, read(ImageRequest, body_of(app.current_event.raw_event)))


def edited(app: APIGatewayHttpResolver, service: Service) -> Response[str]:
    content_type = app.current_event.headers.get("content-type", "")
    form = form_of(body_of(app.current_event.raw_event), content_type=content_type)
    return _answered(app, service, edit_of(form))


def _answered(
    app: APIGatewayHttpResolver, service: Service, request: ImageRequest
) -> Response[str]:
    came = came_at(app.current_event.raw_event, service.clock.now())
    departure = Departure(service=service, answer_by=came + ANSWER_WITHIN)
    admitted = _admitted(app, service, request, departure)
    departure.send_off(admitted)
    known = admitted.job or service.jobs.get(JobId(json.loads(admitted.answer)["id"]))
    job = service.await_end(known, until=came + timedelta(seconds=service.answer_seconds))
    if not job.is_terminal:
        # Its own client comes back at once, and joins this job again.
        headers = {_JOB_HEADER: job.id, "x-should-retry": "true", "retry-after-ms": "100"}
        return answer(still_running(job), status=HTTPStatus.CONFLICT, headers=headers)
    if not job.images:
        status, document = failure(job)
        headers = {_JOB_HEADER: job.id, "x-should-retry": "false"}
        return answer(document, status=status, headers=headers)
    return _delivered(service, job, as_data=request.response_format == "b64_json")


def _admitted(
    app: APIGatewayHttpResolver, service: Service, request: ImageRequest, departure: Departure
) -> Admitted:
    """Admit a job, or find the one that this post repeats. Raises InvalidRequest."""
    key = service.authenticate(bearer_of(app))
    now = service.clock.now()
    again = _retry_count(app) > 0
    came = came_at(app.current_event.raw_event, now)
    repetition: Idempotency = repetition_of(
        request,
        key_id=key.id,
        path=app.current_event.request_context.http.path,
        replaces_until=None if again else came,
    )
    if again and (earlier := service.admit_job.earlier(repetition)):
        return earlier
    return service.admit_job(
        request.wish(now),
        key=key,
        idempotency=repetition,
        claim=departure.claim,
        render=lambda job: text_of({"id": job.id}),
    )


def _delivered(service: Service, job: Job, *, as_data: bool) -> Response[str]:
    document, is_too_large = images_document(
        job,
        link=lambda image: image_link(job, image, service.media.link),
        read=(lambda image: service.media.read(image.key)) if as_data else None,
    )
    headers = {_JOB_HEADER: str(job.id)}
    if is_too_large:
        headers["x-seedhook-b64"] = "too-large"
    return answer(document, headers=headers)


def _retry_count(app: APIGatewayHttpResolver) -> int:
    text = app.current_event.headers.get("x-stainless-retry-count") or "0"
    return int(text[:9]) if text.isascii() and text.isdecimal() else 0
