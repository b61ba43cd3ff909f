"""Answers in OpenAI's words."""

import base64
from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from shared.api.problems import Problem
from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import JobId
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.public import money

LARGEST_REPLY: Final = 5 * 1024 * 1024
_ENVELOPE: Final = 48 * 1024  # room for links and all that is not image
_TYPES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "server_error",
}
_OURS: Final[Mapping[str, str]] = {"unauthenticated": "invalid_api_key"}
_INVALID: Final = "invalid_request_error"
_CALLERS: Final = frozenset(
    {ErrorCode.CONTENT_POLICY, ErrorCode.INVALID_INPUT, ErrorCode.REFERENCE_UNREACHABLE}
)


def is_openai(path: str) -> bool:
    return path.startswith("/v1/images/")


def error_document(
    message: str, *, kind: str, code: str, param: str | None = None, job_id: JobId | None = None
) -> dict[str, Any]:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return {"error": error | ({"job_id": job_id} if job_id else {})}


def error_of(problem: Problem) -> tuple[HTTPStatus, dict[str, Any]]:
    """Put a problem into OpenAI's shape; what cannot be done is 400 there."""
    found = problem.document
    status = problem.status
    if status is HTTPStatus.UNPROCESSABLE_ENTITY and found["code"] != "idempotency_key_reused":
        status = HTTPStatus.BAD_REQUEST
    first = found["errors"][0] if found["errors"] else None
    name = _parameter(first) if first else None
    if first is None:
        message = found["detail"]
    elif first["code"] == "extra_forbidden":
        message = f"{name} is not supported here"
    else:
        message = f"{name}: {first['message']}" if name else first["message"]
    kind = _TYPES.get(status, _INVALID)
    code = first["code"] if first else _OURS.get(found["code"], found["code"])
    return status, error_document(message, kind=kind, code=code, param=name)


class Parking(StrEnum):
    """What the next post of the same request gets, in words."""

    PARKED = (
        "The next identical request within 10 minutes gets the same job, which is not charged "
        "a second time."
    )
    BY_KEY = (
        "The next request with the same Idempotency-Key gets the same job, which is not charged "
        "a second time."
    )
    TAKEN_OVER = (
        "A retry of the same request has taken it over and gets its result. The next identical "
        "request gets another job of this request that was not answered, or a new one."
    )


def still_running(job: Job, parking: Parking) -> dict[str, Any]:
    message = f"{job.id} is {job.status}. {parking} GET /v1/jobs/{job.id} shows its state."
    return error_document(message, kind="still_running", code="still_running", job_id=job.id)


def deleted(job_id: JobId) -> dict[str, Any]:
    message = f"{job_id} was deleted while this request waited for it"
    return error_document(message, kind=_INVALID, code="job_deleted", job_id=job_id)


def failure(job: Job) -> tuple[HTTPStatus, dict[str, Any]]:
    """Say why a job has no image to show."""
    fault = job.error or Fault(code=ErrorCode.INTERNAL, message=f"the job was {job.status}")
    is_callers = fault.code in _CALLERS
    status = HTTPStatus.BAD_REQUEST if is_callers else HTTPStatus.FAILED_DEPENDENCY
    kind = _INVALID if is_callers else "provider_error"
    # The name that programs written for OpenAI look for.
    is_policy = fault.code is ErrorCode.CONTENT_POLICY
    code = "content_policy_violation" if is_policy else fault.code.value
    message = f"{job.id} {job.status}: {fault.message}"
    return status, error_document(message, kind=kind, code=code, job_id=job.id)


def images_document(
    job: Job,
    *,
    link: Callable[[StoredImage], str],
    read: Callable[[StoredImage], bytes],
    response_format: object,
) -> tuple[dict[str, Any], bool]:
    """Return the reply, and whether an image had to be given by link alone for want of room.

    Without a format an item has both forms: many programs read one of them and ask for neither.
    """
    room, is_too_large = LARGEST_REPLY - _ENVELOPE, False
    data: list[dict[str, Any]] = []
    for image in job.images:
        size = 4 * -(-image.bytes // 3)
        fits = response_format != "url" and size <= room
        is_too_large = is_too_large or (response_format != "url" and not fits)
        shown: dict[str, Any] = {}
        if response_format != "b64_json" or not fits:
            shown["url"] = link(image)
        if fits:
            room -= size
            shown["b64_json"] = base64.b64encode(read(image)).decode()
        data.append(shown | {"revised_prompt": None})
    document = {
        "created": int((job.completed_at or job.created_at).timestamp()),
        "data": data,
        "usage": _usage(job),
    }
    return document, is_too_large


def _usage(job: Job) -> dict[str, Any]:
    """Tokens are OpenAI's: there are none here, and programs that add them up find numbers."""
    return {
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "images": len(job.images),
        "charged_usd": money(job.charged_usd),
    }


def _parameter(error: Mapping[str, str]) -> str | None:
    name = error["pointer"].removeprefix("/").split("/")[0]
    if name == "images" and error["code"] != "extra_forbidden":
        return "image"  # the files of a form have that name
    return name or None
