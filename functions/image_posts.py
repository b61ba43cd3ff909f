"""OpenAI's image API on top of jobs: each post waits for one job, and answers with its images.

Programs repeat a post that was not answered in time. Which job a post waits for, so that a repeated
post is not paid for twice, is decided by HoldJobs and, with an Idempotency-Key, by the admission.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from functions.departure import Departure
from shared.api.app import JOB_HEADER, answer, body_of, text_of
from shared.api.openai_requests import DecodedPost, edit_of, generation_of, request_of
from shared.api.openai_views import Parking, deleted, failure, images_document, still_running
from shared.api.patience import ANSWER_WITHIN, came_at
from shared.api.requests import idempotency_by
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.views import image_link
from shared.domain.api_key import ApiKey
from shared.domain.errors import JobNotFound, ResultUnavailable, ServiceError
from shared.domain.ids import JobId
from shared.domain.job import Job
from shared.domain.waiting_post import WaitingPost
from shared.ports.jobs import Idempotency
from shared.usecases.admit_job import Admitted, Wish
from shared.wiring.service import Service

# To read images and to reply, after the wait is over.
_REPLY_TIME: Final = timedelta(seconds=2)
# The official clients come again as soon as they may; whole seconds are for all others.
_SOON: Final = {"retry-after": "1", "retry-after-ms": "100"}


def generated(app: APIGatewayHttpResolver, service: Service, key: ApiKey) -> Response[str]:
    post = generation_of(body_of(app.current_event.raw_event))
    return ImagePost(app=app, service=service, key=key, post=post).answered()


def edited(app: APIGatewayHttpResolver, service: Service, key: ApiKey) -> Response[str]:
    content_type = app.current_event.headers.get("content-type", "")
    post = edit_of(body_of(app.current_event.raw_event), content_type=content_type)
    return ImagePost(app=app, service=service, key=key, post=post).answered()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """The job that a post waits for. A post with an Idempotency-Key holds nothing."""

    job_id: JobId
    post: WaitingPost | None = None
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePost:
    """One post, from its decoded content to its answer."""

    app: APIGatewayHttpResolver
    service: Service
    key: ApiKey
    post: DecodedPost

    def answered(self) -> Response[str]:
        came = came_at(self.app.current_event.raw_event, self.service.clock.now())
        until = came + timedelta(seconds=self.service.answer_seconds)
        waiting = self._waiting(came, until)
        self.app.append_context(job_id=waiting.job_id)  # type: ignore[no-untyped-call]  # Powertools
        try:
            return self._result(waiting, until)
        except Exception:
            if waiting.post:
                self.service.hold_jobs.give_up(waiting.post)
            raise

    def _waiting(self, came: datetime, until: datetime) -> _Waiting:
        """Find the job of this post, or make it. Raises what the admission does."""
        lease = until + _REPLY_TIME
        path = self.app.current_event.request_context.http.path
        digest = self.post.digest(key_id=self.key.id, path=path)
        name = self.app.current_event.headers.get("idempotency-key")
        if name is not None:
            return self._by_key(came, idempotency_by(name, key_id=self.key.id, digest=digest))
        held = self.service.hold_jobs.claim(digest, until=lease, is_retry=self._retry_count > 0)
        if held:
            return _Waiting(job_id=held.job.id, post=held.post)
        opened: list[WaitingPost] = []

        def hold(job_id: JobId) -> WaitingPost:
            opened.append(self.service.hold_jobs.opened(digest, job_id, until=lease))
            return opened[-1]

        try:
            admitted = self._admitted(came, hold=hold)
        except ServiceError:  # no job was made
            raise
        except Exception:
            for post in opened:  # the write may have succeeded although its response was lost
                self.service.hold_jobs.give_up(post)
            raise
        return _Waiting(job_id=_id_of(admitted), post=admitted.post)

    def _by_key(self, came: datetime, idempotency: Idempotency) -> _Waiting:
        admitted = self.service.admit_job.earlier(idempotency) or self._admitted(
            came, idempotency=idempotency
        )
        return _Waiting(job_id=_id_of(admitted), is_replay=admitted.job is None)

    def _admitted(
        self,
        came: datetime,
        *,
        idempotency: Idempotency | None = None,
        hold: Callable[[JobId], WaitingPost] | None = None,
    ) -> Admitted:
        departure = Departure(service=self.service, answer_by=came + ANSWER_WITHIN)
        admitted = self.service.admit_job(
            self._wish(),
            key=self.key,
            idempotency=idempotency,
            claim=departure.claim,
            hold=hold,
            render=lambda job: text_of({"id": job.id}),
        )
        departure.send_off(admitted)
        return admitted

    def _wish(self) -> Wish:
        """Raises InvalidRequest."""
        request = request_of(self.post)
        name = self.key.terms.model_named(request.model)
        model = self.service.catalog.find(name)
        return request.model_copy(update={"model": name}).wish(
            self.service.clock.now(), model=model
        )

    def _result(self, waiting: _Waiting, until: datetime) -> Response[str]:
        headers = {JOB_HEADER: str(waiting.job_id)}
        if waiting.is_replay:
            headers["idempotent-replayed"] = "true"
        try:
            job = self.service.await_end(self.service.jobs.get(waiting.job_id), until=until)
            if not job.is_terminal:
                return self._later(job, waiting, headers)
            response = self._delivered(job, dict(headers)) if job.images else _failed(job, headers)
        except (JobNotFound, ResultUnavailable):  # a deletion takes the images first
            self._may_answer(waiting)  # nobody else is to find it either
            headers["x-should-retry"] = "false"
            return answer(deleted(waiting.job_id), status=HTTPStatus.GONE, headers=headers)
        if self._may_answer(waiting):
            return response
        # Answered at once, its caller would come again and take the job back.
        self.service.clock.sleep(max(0.0, (until - self.service.clock.now()).total_seconds()))
        return _still_running(job, Parking.TAKEN_OVER, headers)

    def _may_answer(self, waiting: _Waiting) -> bool:
        """Call this last: whoever may answer with a job is the only one."""
        return waiting.post is None or self.service.hold_jobs.answer(waiting.post)

    def _later(self, job: Job, waiting: _Waiting, headers: dict[str, str]) -> Response[str]:
        if waiting.post is None:
            return _still_running(job, Parking.BY_KEY, headers)
        is_parked = self.service.hold_jobs.release(waiting.post)
        parking = Parking.PARKED if is_parked else Parking.TAKEN_OVER
        return _still_running(job, parking, headers)

    def _delivered(self, job: Job, headers: dict[str, str]) -> Response[str]:
        media = self.service.media
        document, is_too_large = images_document(
            job,
            link=lambda image: image_link(job, image, media.link),
            read=lambda image: media.read(image.key),
            response_format=self.post.response_format,
        )
        first = job.images[0]
        if first.width:  # of some formats nobody reads it
            headers["x-seedhook-size"] = f"{first.width}x{first.height}"
        if is_too_large:
            headers["x-seedhook-b64"] = "too-large"
        return answer(document, headers=headers)

    @property
    def _retry_count(self) -> int:
        text = self.app.current_event.headers.get("x-stainless-retry-count") or "0"
        return int(text[:9]) if text.isascii() and text.isdecimal() else 0


def _id_of(admitted: Admitted) -> JobId:
    return admitted.job.id if admitted.job else JobId(json.loads(admitted.answer)["id"])


def _failed(job: Job, headers: dict[str, str]) -> Response[str]:
    status, document = failure(job)
    return answer(document, status=status, headers=headers | {"x-should-retry": "false"})


def _still_running(job: Job, parking: Parking, headers: dict[str, str]) -> Response[str]:
    document = still_running(job, parking)
    headers |= {"x-should-retry": "true"} | _SOON
    return answer(document, status=HTTPStatus.CONFLICT, headers=headers)
