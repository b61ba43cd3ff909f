"""Which jobs a list is asked for, in the query of its address."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.job_filter import JobFilter
from shared.domain.offers import Catalog
from shared.domain.status import JobStatus

_LONGEST: Final = 200


def filter_of(query: Mapping[str, str], catalog: Catalog) -> JobFilter:
    """Raises InvalidRequest. A name without a value is as if it was not there."""
    given = {name: value for name, value in query.items() if value}
    model = catalog.find(given.get("model", ""))
    return JobFilter(
        status=_status(given.get("status")),
        model=model.id if model else _text(given, "model"),
        provider=_text(given, "provider"),
        tag=_text(given, "tag"),
        batch=_text(given, "batch"),
        since=_moment(given, "since"),
        until=_moment(given, "until"),
    )


def _status(text: str | None) -> JobStatus | None:
    if text is None:
        return None
    try:
        return JobStatus(text)
    except ValueError:
        raise _refused("status", f"must be one of {', '.join(JobStatus)}") from None


def _text(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and len(value) > _LONGEST:
        raise _refused(name, f"has at most {_LONGEST} characters")
    return value


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    """Read RFC 3339. A plus sign may have become a space on its way."""
    text = given.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = "must be a moment in RFC 3339, such as 2026-11-20T12:00:00Z"
        raise _refused(name, message) from None


def _refused(name: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer=f"?{name}", code="invalid", message=message)])
