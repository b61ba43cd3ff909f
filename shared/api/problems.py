"""Errors as RFC 9457 problem documents: one table from error to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from shared.api.reading import MalformedJson
from shared.domain.errors import (
    BatchNotFound,
    BudgetExceeded,
    Busy,
    ComeBackLater,
    DeliveryNotFound,
    FieldError,
    Forbidden,
    ImageNotFound,
    InvalidRequest,
    InvalidTransition,
    JobDeleted,
    JobNotFound,
    KeyNotFound,
    KeyReused,
    ModelNotAllowed,
    ModelNotFound,
    PreviewNotFound,
    RateLimited,
    RecordTooLarge,
    ServiceError,
    TooManyAttempts,
    TooManyInFlight,
    TooManyWebhooks,
    Unauthenticated,
    Unavailable,
    Unpriced,
    VersionConflict,
    WebhookNotFound,
    Who,
)

CONTENT_TYPE: Final = "application/problem+json"


class BodyTooLarge(ServiceError):
    pass


class RouteNotFound(ServiceError):
    pass


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    code: str
    who: Who = Who.CLIENT
    retryable: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


_INTERNAL: Final = _Answer(
    HTTPStatus.INTERNAL_SERVER_ERROR, "internal", Who.SEEDHOOK, retryable=True
)
_ANSWERS: Final[Mapping[type[ServiceError], _Answer]] = {
    MalformedJson: _Answer(HTTPStatus.BAD_REQUEST, "malformed_json"),
    InvalidRequest: _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request"),
    Unauthenticated: _Answer(
        HTTPStatus.UNAUTHORIZED, "unauthenticated", headers={"www-authenticate": "Bearer"}
    ),
    Forbidden: _Answer(HTTPStatus.FORBIDDEN, "forbidden"),
    JobNotFound: _Answer(HTTPStatus.NOT_FOUND, "job_not_found"),
    JobDeleted: _Answer(HTTPStatus.GONE, "deleted"),
    BatchNotFound: _Answer(HTTPStatus.NOT_FOUND, "batch_not_found"),
    ImageNotFound: _Answer(HTTPStatus.NOT_FOUND, "image_not_found"),
    PreviewNotFound: _Answer(HTTPStatus.NOT_FOUND, "preview_not_found"),
    KeyNotFound: _Answer(HTTPStatus.NOT_FOUND, "key_not_found"),
    ModelNotAllowed: _Answer(HTTPStatus.FORBIDDEN, "forbidden"),
    Unpriced: _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "unpriced"),
    BudgetExceeded: _Answer(HTTPStatus.PAYMENT_REQUIRED, "budget_exceeded"),
    RateLimited: _Answer(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", retryable=True),
    TooManyInFlight: _Answer(HTTPStatus.TOO_MANY_REQUESTS, "too_many_in_flight", retryable=True),
    Busy: _Answer(HTTPStatus.TOO_MANY_REQUESTS, "busy", Who.SEEDHOOK, retryable=True),
    Unavailable: _Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", Who.SEEDHOOK, retryable=True
    ),
    ModelNotFound: _Answer(HTTPStatus.NOT_FOUND, "model_not_found"),
    WebhookNotFound: _Answer(HTTPStatus.NOT_FOUND, "webhook_not_found"),
    DeliveryNotFound: _Answer(HTTPStatus.NOT_FOUND, "delivery_not_found"),
    TooManyWebhooks: _Answer(HTTPStatus.CONFLICT, "too_many_webhooks"),
    RouteNotFound: _Answer(HTTPStatus.NOT_FOUND, "route_not_found"),
    BodyTooLarge: _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large"),
    TooManyAttempts: _Answer(HTTPStatus.CONFLICT, "too_many_attempts"),
    RecordTooLarge: _Answer(HTTPStatus.CONFLICT, "record_too_large", Who.SEEDHOOK),
    InvalidTransition: _Answer(HTTPStatus.CONFLICT, "invalid_state"),
    KeyReused: _Answer(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    # Others were faster, and are done in a moment.
    VersionConflict: _Answer(
        HTTPStatus.CONFLICT,
        "conflict",
        Who.SEEDHOOK,
        retryable=True,
        headers={"retry-after": "1"},
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    status: HTTPStatus
    document: dict[str, Any]
    headers: Mapping[str, str]


def problem_of(error: Exception, *, request_id: str) -> Problem:
    """Say what went wrong; of an error that nobody foresaw, only that it is ours."""
    answer = _ANSWERS.get(type(error), _INTERNAL) if isinstance(error, ServiceError) else _INTERNAL
    document: dict[str, Any] = {
        "type": f"urn:seedhook:problem:{answer.code}",
        "title": answer.status.phrase,
        "status": answer.status.value,
        "detail": _detail(error, answer),
        "code": answer.code,
        "who": answer.who,
        "retryable": answer.retryable,
        "errors": _field_errors(error.errors) if isinstance(error, InvalidRequest) else [],
        "request_id": request_id,
    }
    if isinstance(error, BudgetExceeded):
        document["budget"] = dict(error.facts)
    return Problem(answer.status, document, _headers(error, answer))


def _headers(error: Exception, answer: _Answer) -> Mapping[str, str]:
    if isinstance(error, ComeBackLater):
        return {"retry-after": str(error.retry_after_seconds)}
    return answer.headers


def _detail(error: Exception, answer: _Answer) -> str:
    if answer is _INTERNAL:
        return "an error of ours; the request id finds it in the logs"
    return str(error)


def _field_errors(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    return [{"pointer": e.pointer, "code": e.code, "message": e.message} for e in errors]
