"""What the providers' answers have in common: how an exchange can end, and how it is read."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.adapters.http import HttpAnswer, HttpClient
from shared.adapters.http_errors import ConnectFailed, ForbiddenAddress, HttpError
from shared.adapters.providers.words import fault_of
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
SYNC_SECONDS: Final = 120.0  # for a call that answers with the image itself
ASK_SECONDS: Final = 10.0
SHORT_ANSWER: Final = 1_000_000
LONGEST_MADE: Final = 64 * 1024 * 1024  # for images that come inline
# Oxen's rows repeat the request, references that came inline included.
LONGEST_STATUS: Final = 16 * 1024 * 1024
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_TOO_MANY: Final = 429
_LONGEST_WAIT: Final = 86_400.0

# Documented refusals: the request surely did not start. All else but 2xx may have.
_CERTAIN: Final[Mapping[int, ErrorCode]] = {
    401: ErrorCode.PROVIDER_AUTH,
    402: ErrorCode.PROVIDER_CREDITS,
}
_SUBJECT_TO_WORDS: Final[Mapping[int, ErrorCode]] = {
    400: ErrorCode.PROVIDER_REJECTED,
    403: ErrorCode.PROVIDER_AUTH,
    404: ErrorCode.PROVIDER_REJECTED,
    422: ErrorCode.PROVIDER_REJECTED,
}

_SECONDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


def post(  # noqa: PLR0913  one paid exchange in one call
    http: HttpClient,
    url: str,
    *,
    key: str,
    body: Mapping[str, object],
    provider: str,
    headers: Mapping[str, str] = _NO_HEADERS,
    deadline_seconds: float = SUBMIT_SECONDS,
    max_bytes: int = SHORT_ANSWER,
) -> HttpAnswer:
    """Send a paid request once. Raises NotSent or FateUnknown when there is no answer."""
    try:
        return http.request(
            "POST",
            url,
            headers={**headers, **_bearer(key)},
            json=dict(body),
            deadline_seconds=deadline_seconds,
            max_bytes=max_bytes,
        )
    except (ConnectFailed, ForbiddenAddress) as exc:
        raise NotSent(_unreachable(provider, exc)) from exc
    except HttpError as exc:
        raise FateUnknown(_unanswered(provider, str(exc))) from exc


def ask(  # noqa: PLR0913  one question in one call
    http: HttpClient,
    url: str,
    *,
    key: str,
    provider: str,
    deadline_seconds: float = ASK_SECONDS,
    max_bytes: int = LONGEST_STATUS,
) -> HttpAnswer:
    """Ask a question that costs nothing. Raises ProviderUnreadable when there is no good answer."""
    try:
        answer = http.request(
            "GET",
            url,
            headers=_bearer(key),
            deadline_seconds=deadline_seconds,
            max_bytes=max_bytes,
        )
    except HttpError as exc:
        raise ProviderUnreadable(f"{provider}: {exc}") from exc
    if not is_success(answer):
        raise ProviderUnreadable(f"{provider}: HTTP {answer.status}")
    return answer


def withdraw(http: HttpClient, url: str, *, key: str) -> None:
    """Ask for something to be stopped. Whether it was is seen when it is asked about again."""
    with suppress(HttpError):
        http.request("DELETE", url, headers=_bearer(key), deadline_seconds=ASK_SECONDS)


def is_success(answer: HttpAnswer) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004  the class of statuses


def refusal(status: int, words: str, answer: HttpAnswer) -> SubmissionError | None:
    """Return what a documented refusal status means for a submission, None for other statuses."""
    if status == _TOO_MANY:
        fault = Fault(code=ErrorCode.PROVIDER_RATE_LIMIT, message=words)
        return NotSent(fault, retry_after_seconds=_retry_after(answer))
    if status in _CERTAIN:
        return Refused(Fault(code=_CERTAIN[status], message=words))
    if status in _SUBJECT_TO_WORDS:
        return Refused(fault_of(words, otherwise=_SUBJECT_TO_WORDS[status]))
    return None


def unreadable(provider: str, answer: HttpAnswer) -> FateUnknown:
    """The answer to a paid request neither accepts nor refuses."""
    return FateUnknown(_unanswered(provider, f"unreadable answer, HTTP {answer.status}"))


def json_object(content: bytes) -> dict[str, Any]:
    """Return the content as an object; anything else counts as an empty one."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


class Answer(BaseModel):
    """What is read of a provider's answer; how to read it is worked out with the first."""

    model_config = ConfigDict(defer_build=True)


def read[M: BaseModel](model: type[M], content: object) -> M | None:
    """Read JSON text, or what has been read from it; None for what does not fit.

    The library's own error would quote prompts and links.
    """
    try:
        if isinstance(content, str):
            return model.model_validate_json(content)
        return model.model_validate(content)
    except ValidationError:
        return None


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _retry_after(answer: HttpAnswer) -> float | None:
    """Read seconds, or a date by the provider's own clock where it tells the time."""
    value = answer.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), _LONGEST_WAIT)
    at = _http_date(value)
    if at is None:
        return None
    now = _http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _unreachable(provider: str, exc: HttpError) -> Fault:
    message = f"{provider} could not be reached, nothing was sent: {exc}"
    return Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message=message)


def _unanswered(provider: str, why: str) -> Fault:
    return Fault(
        code=ErrorCode.AMBIGUOUS_SUBMIT,
        message=f"{provider} may have accepted the request, its answer was lost: {why}",
    )
