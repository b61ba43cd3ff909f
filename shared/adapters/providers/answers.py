"""What the providers' answers have in common: how an exchange can end, and words for faults."""

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.adapters.http import ConnectFailed, ForbiddenAddress, HttpAnswer, HttpClient, HttpError
from shared.domain.errors import (
    ErrorCode,
    FateUnknown,
    Fault,
    NotSent,
    ProviderUnreadable,
    Refused,
    SubmissionError,
)

SUBMIT_SECONDS: Final = 8.0
ASK_SECONDS: Final = 10.0
_TOO_MANY: Final = 429
_LONGEST_MESSAGE: Final = 300

# Documented refusals: the request surely did not start. All else but 2xx may have.
REFUSALS: Final[Mapping[int, ErrorCode]] = {
    400: ErrorCode.PROVIDER_REJECTED,
    401: ErrorCode.PROVIDER_AUTH,
    402: ErrorCode.PROVIDER_CREDITS,
    403: ErrorCode.PROVIDER_AUTH,
    404: ErrorCode.PROVIDER_REJECTED,
    422: ErrorCode.PROVIDER_REJECTED,
}

# The providers' vocabularies are unstable, so words are read by family.
_FAMILIES: Final[tuple[tuple[tuple[str, ...], ErrorCode], ...]] = (
    (("sensitive", "nsfw", "prohibit", "violat", "moderat"), ErrorCode.CONTENT_POLICY),
    (("insufficient", "credit", "balance"), ErrorCode.PROVIDER_CREDITS),
    (
        ("downloading url", "download_failed", "forbidden for url", "image_url"),
        ErrorCode.REFERENCE_UNREACHABLE,
    ),
    (("timeout", "timed out"), ErrorCode.PROVIDER_TIMEOUT),
    (("unavailable",), ErrorCode.PROVIDER_UNAVAILABLE),
)


def family(words: str, *, otherwise: ErrorCode) -> ErrorCode:
    lowered = words.lower()
    for marks, code in _FAMILIES:
        if any(mark in lowered for mark in marks):
            return code
    return otherwise


def post(http: HttpClient, url: str, *, key: str, body: object, provider: str) -> HttpAnswer:
    """Send a paid request once. Raises NotSent or FateUnknown when there is no answer."""
    try:
        return http.request(
            "POST", url, headers=_bearer(key), json=body, deadline_seconds=SUBMIT_SECONDS
        )
    except (ConnectFailed, ForbiddenAddress) as exc:
        raise NotSent(_unreachable(provider, exc)) from exc
    except HttpError as exc:
        raise FateUnknown(_unanswered(provider, str(exc))) from exc


def ask(http: HttpClient, url: str, *, key: str, provider: str) -> HttpAnswer:
    """Ask a question that costs nothing. Raises ProviderUnreadable when there is no answer."""
    try:
        return http.request("GET", url, headers=_bearer(key), deadline_seconds=ASK_SECONDS)
    except HttpError as exc:
        raise ProviderUnreadable(f"{provider}: {exc}") from exc


def refusal(
    provider: str, *, status: int, message: str, answer: HttpAnswer
) -> SubmissionError | None:
    """Return what a documented refusal status means for a submission, None for other statuses."""
    if status == _TOO_MANY:
        fault = Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message=f"{provider}: too many requests")
        return NotSent(fault, retry_after_seconds=_retry_after(answer))
    if status not in REFUSALS:
        return None
    code = family(message, otherwise=REFUSALS[status])
    return Refused(Fault(code=code, message=in_words(provider, message)))


def unreadable(provider: str, answer: HttpAnswer) -> FateUnknown:
    """The answer to a paid request neither accepts nor refuses."""
    return FateUnknown(_unanswered(provider, f"unreadable answer, HTTP {answer.status}"))


def json_object(answer: HttpAnswer) -> dict[str, Any]:
    """Return the body as an object; anything else counts as an empty one."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def in_words(provider: str, message: str) -> str:
    """Return the provider's own words on one line, cut to a length fit for a log and a screen."""
    return f"{provider}: {' '.join(message.split())[:_LONGEST_MESSAGE]}"


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _retry_after(answer: HttpAnswer) -> float | None:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None


def _unreachable(provider: str, exc: HttpError) -> Fault:
    message = f"{provider} could not be reached, nothing was sent: {exc}"
    return Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message=message)


def _unanswered(provider: str, why: str) -> Fault:
    return Fault(
        code=ErrorCode.AMBIGUOUS_SUBMIT,
        message=f"{provider} may have accepted the request, its answer was lost: {why}",
    )
