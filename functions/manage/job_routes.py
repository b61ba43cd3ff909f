"""Reading and managing jobs."""

from http import HTTPStatus
from typing import Any, Final

from shared.api.app import answer, base_url_of, bearer_of, number_of
from shared.api.callback_views import callback_view
from shared.api.job_query import filter_of
from shared.api.path_ids import job_id_in
from shared.api.patience import LONGEST_WAIT
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.views import image_link, images_view, job_view, preview_link
from shared.domain.errors import ImageNotFound, JobNotFound, PreviewNotFound
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.wiring.service import Service

_DEFAULT_PAGE: Final = 20
_LARGEST_PAGE: Final = 100
_SHOWN_CALLBACKS: Final = 20  # of at most 64 kB each: an answer has room for 6 MB


def add_job_routes(app: APIGatewayHttpResolver, service: Service) -> None:
    _add_reading(app, service)
    _add_images(app, service)
    _add_callbacks(app, service)

    @app.post("/v1/jobs/<job_id>/cancel")
    def cancel_job(job_id: str) -> Response[str]:
        job = service.cancel_job(_job_of_caller(app, service, job_id))
        return answer(_view(app, service, job))

    @app.post("/v1/jobs/<job_id>/retry")
    def retry_job(job_id: str) -> Response[str]:
        key = service.authenticate(bearer_of(app))
        job = service.retry_job(service.jobs.get(job_id_in(job_id)), key=key)
        return answer(_view(app, service, job), status=HTTPStatus.ACCEPTED)

    @app.delete("/v1/jobs/<job_id>")
    def delete_job(job_id: str) -> Response[str]:
        service.delete_job(_job_of_caller(app, service, job_id))
        return answer("", status=HTTPStatus.NO_CONTENT)


def _add_reading(app: APIGatewayHttpResolver, service: Service) -> None:
    # A page of jobs is full of signed links, which shrink to a sixth.
    @app.get("/v1/jobs", compress=True)
    def list_jobs() -> Response[str]:
        key = service.authenticate(bearer_of(app))
        query = app.current_event.query_string_parameters
        page = service.jobs.newest(
            key.tenant,
            limit=number_of(app, "limit", default=_DEFAULT_PAGE, least=1, most=_LARGEST_PAGE),
            cursor=query.get("cursor"),
            wanted=filter_of(query, service.catalog),
        )
        jobs = [_view(app, service, job) for job in page.jobs]
        document: dict[str, Any] = {"object": "list", "data": jobs}
        return answer(document | ({"cursor": page.cursor} if page.cursor else {}))

    @app.get("/v1/jobs/<job_id>")
    def get_job(job_id: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        seconds = number_of(app, "wait", default=0, least=0, most=LONGEST_WAIT)
        return answer(_view(app, service, service.await_change(job, seconds=seconds)))


def _add_images(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/jobs/<job_id>/images")
    def list_images(job_id: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        base_url = base_url_of(app, known=service.base_url)
        return answer(images_view(job, base_url=base_url, sign=service.media.link))

    @app.get("/v1/jobs/<job_id>/images/<index>")
    def get_image(job_id: str, index: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        image = next((image for image in job.images if str(image.index) == index), None)
        if image is None:
            raise ImageNotFound(f"{job.id} has no image {index[:20]}")
        if number_of(app, "preview", default=0, least=0, most=1):
            link = _preview_link(service, job, image)
        else:
            link = image_link(job, image, service.media.link)
        return answer({"url": link}, status=HTTPStatus.FOUND, headers={"location": link})


def _add_callbacks(app: APIGatewayHttpResolver, service: Service) -> None:
    @app.get("/v1/jobs/<job_id>/callbacks")
    def list_callbacks(job_id: str) -> Response[str]:
        job = _job_of_caller(app, service, job_id)
        newest = service.callback_archive.newest(job.id, limit=_SHOWN_CALLBACKS)
        return answer({"object": "list", "data": [callback_view(one) for one in newest]})


def _view(app: APIGatewayHttpResolver, service: Service, job: Job) -> dict[str, Any]:
    base_url = base_url_of(app, known=service.base_url)
    return job_view(job, base_url=base_url, sign=service.media.link)


def _preview_link(service: Service, job: Job, image: StoredImage) -> str:
    link = preview_link(job, image, service.media.link)
    if link is None:
        _ask_for_previews(service, job, image)
        why = "yet" if image.verified is None else "and gets none: it could not be decoded"
        raise PreviewNotFound(f"image {image.index} of {job.id} has no preview {why}")
    return link


def _ask_for_previews(service: Service, job: Job, image: StoredImage) -> None:
    """Ask once more, should the first request be lost, or older than there are previews.

    Not where images are kept for a time: a preview made late would be kept longer than its image.
    """
    if image.verified is None and job.retention.media_days is None:
        service.preview_queue.send(job.id)


def _job_of_caller(app: APIGatewayHttpResolver, service: Service, job_id: str) -> Job:
    """Another tenant's job looks as if it did not exist."""
    key = service.authenticate(bearer_of(app))
    job = service.jobs.get(job_id_in(job_id))
    if job.tenant != key.tenant:
        raise JobNotFound(job_id)
    return job
