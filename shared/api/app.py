"""What every HTTP function has in common: who asks, how answers look, how errors are told."""

import base64
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools import Logger

from shared.api.openai_views import error_of, is_openai
from shared.api.problems import CONTENT_TYPE, BodyTooLarge, RouteNotFound, problem_of
from shared.api.reading import MAX_BODY_BYTES
from shared.api.resolver import APIGatewayHttpResolver, Response
from shared.api.security import SECURITY_HEADERS
from shared.domain.errors import (
    FieldError,
    InvalidRequest,
    ServiceError,
    Unauthenticated,
    Unavailable,
)

_JSON: Final = "application/json"
JOB_HEADER: Final = "x-seedhook-job-id"


def http_app(
    logger: Logger, *, outage_of: Callable[[Exception], Unavailable | None]
) -> APIGatewayHttpResolver:
    """Return an app that answers every error with a problem document.

    `outage_of` knows the errors of what the service stands on.
    """
    app = APIGatewayHttpResolver()

    @app.not_found
    def no_such_route(_: Exception) -> Response[str]:
        http = app.current_event.request_context.http
        return problem(app, RouteNotFound(f"there is no {http.method} {http.path[:200]}"))

    @app.exception_handler(ServiceError)  # type: ignore[untyped-decorator]  # Powertools
    def foreseen(error: ServiceError) -> Response[str]:
        return problem(app, error)

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]  # Powertools
    def unforeseen(error: Exception) -> Response[str]:
        outage = outage_of(error)
        told = "AWS does not answer" if outage else "unforeseen error"
        logger.error(told, error=type(error).__name__, exc_info=error)
        return problem(app, outage or error)

    return app


def text_of(document: Mapping[str, Any]) -> str:
    # As UTF-8: escapes would make an emoji three times as long.
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def answer(
    document: Mapping[str, Any] | str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    content_type: str = _JSON,
) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type=content_type,
        body=document if isinstance(document, str) else text_of(document),
        headers={**SECURITY_HEADERS, **(headers or {})},
    )


def problem(app: APIGatewayHttpResolver, error: Exception) -> Response[str]:
    request_id = app.current_event.request_context.request_id
    told = problem_of(error, request_id=request_id)
    if is_openai(app.current_event.request_context.http.path):
        status, document = error_of(told)
        # Of a post that has a job already, whatever then went wrong.
        job_id = app.context.get("job_id")
        known = {JOB_HEADER: str(job_id)} if job_id else {}
        return answer(document, status=status, headers={**told.headers, **known})
    return answer(
        told.document, status=told.status, headers=told.headers, content_type=CONTENT_TYPE
    )


def body_of(event: Mapping[str, Any]) -> bytes:
    """Return the body's bytes. Raises BodyTooLarge or InvalidRequest."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            content = base64.b64decode(body, validate=True)
        except ValueError as exc:
            error = FieldError(pointer="", code="malformed", message="the body cannot be read")
            raise InvalidRequest([error]) from exc
    else:
        content = body.encode("utf-8", "surrogatepass")
    if len(content) > MAX_BODY_BYTES:
        raise BodyTooLarge(
            f"the body has {len(content)} bytes, at most {MAX_BODY_BYTES} are allowed; "
            "send large references through /v1/uploads"
        )
    return content


def bearer_of(app: APIGatewayHttpResolver) -> str:
    scheme, _, key = app.current_event.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthenticated("send your API key as Authorization: Bearer sk_...")
    return key.strip()


def base_url_of(app: APIGatewayHttpResolver, *, known: str) -> str:
    """Return the address the caller used, unless the deployment knows better."""
    return known or f"https://{app.current_event.request_context.domain_name}"


def number_of(
    app: APIGatewayHttpResolver, name: str, *, default: int, least: int, most: int
) -> int:
    """Return a number from the query. Raises InvalidRequest for anything out of range."""
    text = app.current_event.query_string_parameters.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal() and least <= int(text[:4]) <= most:
        return int(text)
    message = f"must be a number from {least} to {most}"
    raise InvalidRequest([FieldError(pointer=f"?{name}", code="out_of_range", message=message)])
