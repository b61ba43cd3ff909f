"""Usage as JSON and as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from shared.domain.errors import FieldError, InvalidRequest
from shared.domain.money import usd
from shared.domain.spreadsheet import plain_cell
from shared.domain.usage import Counts

_LONGEST: Final = timedelta(days=366)
_FIELDS: Final = {
    "day": "day",
    "model": "model",
    "provider": "provider",
    "key": "key_id",
    "tag": "tag",
}
_FORMATS: Final = ("json", "csv")
_NUMBERS: Final = ("jobs", "succeeded", "partial", "failed", "cancelled", "expired", "images")
_COLUMNS: Final = (*_NUMBERS, "spent_usd", "estimated_usd", "jobs_of_unknown_cost")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    since: date
    until: date
    group_by: str
    format: str

    @property
    def field(self) -> str:
        """Return the field of a row that usage is grouped by."""
        return _FIELDS[self.group_by]

    @classmethod
    def of(cls, query: Mapping[str, str], *, today: date) -> "UsageQuery":
        """Read a query string: this month unless it says otherwise. Raises InvalidRequest."""
        until = _day(query, "to", today)
        since = _day(query, "from", until.replace(day=1))
        if not timedelta(0) <= until - since <= _LONGEST:
            raise _refused("from", "must not lie after `to`, nor more than 366 days before it")
        return cls(
            since=since,
            until=until,
            group_by=_one_of(query, "group_by", tuple(_FIELDS)),
            format=_one_of(query, "format", _FORMATS),
        )


def usage_view(query: UsageQuery, sums: Mapping[str, Counts]) -> dict[str, Any]:
    total: Counts = Counter()
    for counts in sums.values():
        total.update(counts)
    document: dict[str, Any] = {
        "object": "usage",
        "from": query.since.isoformat(),
        "to": query.until.isoformat(),
        "group_by": query.group_by,
        "data": [{query.group_by: name} | _row(counts) for name, counts in sums.items()],
    }
    # A job counts for each of its tags: their sum is nobody's.
    return document | ({} if query.group_by == "tag" else {"total": _row(total)})


def usage_csv(query: UsageQuery, sums: Mapping[str, Counts]) -> str:
    file = io.StringIO()
    rows = csv.DictWriter(file, (query.group_by, *_COLUMNS), lineterminator="\r\n")
    rows.writeheader()
    rows.writerows(
        {query.group_by: plain_cell(name)} | _row(counts) for name, counts in sums.items()
    )
    return file.getvalue()


def _row(counts: Counts) -> dict[str, Any]:
    return {name: counts[name] for name in _NUMBERS} | {
        "spent_usd": usd(counts["spent"]),
        "estimated_usd": usd(counts["estimated"]),
        "jobs_of_unknown_cost": counts["unknown"],
    }


def _day(query: Mapping[str, str], name: str, default: date) -> date:
    text = query.get(name)
    if text is None:
        return default
    try:
        if len(text) == len("2026-11-20"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _refused(name, "must be a day such as 2026-11-20")


def _one_of(query: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = query.get(name, known[0])
    if value not in known:
        raise _refused(name, f"must be one of {', '.join(known)}")
    return value


def _refused(name: str, message: str) -> InvalidRequest:
    return InvalidRequest([FieldError(pointer=f"?{name}", code="invalid", message=message)])
