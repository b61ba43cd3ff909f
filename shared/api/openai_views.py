"""Answers in OpenAI's words."""

import base64
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from shared.api.problems import Problem
from shared.domain.errors import ErrorCode, Fault
from shared.domain.image import StoredImage
from shared.domain.job import Job
from shared.domain.public import money

LARGEST_REPLY: Final = 5 * 1024 * 1024
_ENVELOPE: Final = 16 * 1024  # room for links and all that is not image
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
    message: str, *, kind: str, code: str, param: str | None = None, job: Job | None = None
) -> dict[str, Any]:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return {"error": error | ({"job_id": job.id} if job else {})}


def error_of(problem: Problem) -> tuple[HTTPStatus, dict[str, Any]]:
    """Put a problem into OpenAI's shape; what cannot be done is 400 there."""
    found = problem.document
    status = problem.status
    if status is HTTPStatus.UNPROCESSABLE_ENTITY:
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


def still_running(job: Job) -> dict[str, Any]:
    message = (
        f"{job.id} is still {job.status}. Send the same request again to wait on for it: it is "
        f"not made, or paid, a second time. GET /v1/jobs/{job.id} tells what becomes of it."
    )
    return error_document(message, kind="still_running", code="still_running", job=job)


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
    return status, error_document(message, kind=kind, code=code, job=job)


def images_document(
    job: Job,
    *,
    link: Callable[[StoredImage], str],
    read: Callable[[StoredImage], bytes] | None,
) -> tuple[dict[str, Any], bool]:
    """Return the reply, and whether an image had to be given by link as there was no room."""
    room, is_too_large = LARGEST_REPLY - _ENVELOPE, False
    data: list[dict[str, Any]] = []
    for image in job.images:
        size = 4 * (image.bytes + 2) // 3
        if read and size <= room:
            room -= size
            shown = {"b64_json": base64.b64encode(read(image)).decode()}
        else:
            is_too_large = is_too_large or read is not None
            shown = {"url": link(image)}
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
