"""`GET /v2/logs`: one row per request, failed ones at no cost, and never the image."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

from pydantic import JsonValue
from starlette.datastructures import QueryParams

from local.sandbox.aimlapi.errors import AimlapiError
from local.sandbox.clock import iso, now
from local.sandbox.ledger import FREE

CREDITS_PER_USD = 2_000_000
MAX_WINDOW = timedelta(days=92)
OUTCOMES = frozenset({"succeeded", "failed"})

_PERIOD = re.compile(r"([1-9]\d{0,3})([hd])")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    key: str
    model: str
    status: str
    request_id: str
    inference_id: str
    client_request_id: str | None
    usd: Decimal = FREE
    created: datetime = field(default_factory=now)

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "created": iso(self.created),
            "status": self.status,
            "origin": "api",
            "model": self.model,
            "cost": {"usd": float(self.usd), "credits": credits_of(self.usd)},
            "tokens": {"input": 0, "output": 0, "total": 0},
            "request_id": self.request_id,
            "inference_id": self.inference_id,
            "client_request_id": self.client_request_id,
        }


class Logs:
    def __init__(self) -> None:
        self._rows: list[LogRow] = []

    def add(self, row: LogRow) -> None:
        self._rows.append(row)

    def page(self, query: QueryParams, *, key: str) -> dict[str, JsonValue]:
        limit = _number(query, "limit", default=50, allowed=range(1, 101))
        offset = _number(query, "offset", default=0, allowed=range(1_000_000))
        keep = _filter(query, key)
        rows = [row.to_json() for row in reversed(self._rows) if keep(row)]
        shown = rows[offset : offset + limit]
        return {
            "data": list[JsonValue](shown),
            "pagination": {
                "limit": limit,
                "offset": offset,
                "total": len(rows),
                "has_more": offset + len(shown) < len(rows),
            },
        }


def credits_of(usd: Decimal) -> int:
    return int(usd * CREDITS_PER_USD)


def _filter(query: QueryParams, key: str) -> Callable[[LogRow], bool]:
    if not key.startswith(query.get("key_prefix", "")):
        raise AimlapiError(HTTPStatus.FORBIDDEN, "key_prefix names another key")
    models, statuses = set(query.getlist("model")), set(query.getlist("status"))
    if not statuses <= OUTCOMES:
        raise _refused("status: expected 'succeeded' | 'failed'")
    start, end = _window(query)

    def keep(row: LogRow) -> bool:
        return (
            row.key == key
            and start <= row.created <= end
            and (not models or row.model in models or row.model.partition("/")[2] in models)
            and (not statuses or row.status in statuses)
        )

    return keep


def _window(query: QueryParams) -> tuple[datetime, datetime]:
    period, start, end = query.get("period"), query.get("start"), query.get("end")
    if period and not (start or end):
        found = _PERIOD.fullmatch(period)
        if not found:
            raise _refused("period: expected a number followed by h or d")
        length = timedelta(**{"hours" if found[2] == "h" else "days": int(found[1])})
        window = now() - length, now()
    elif start and end and not period:
        window = _moment(start), _moment(end)
    else:
        raise _refused("expected either period or both start and end")
    if not timedelta() <= window[1] - window[0] <= MAX_WINDOW:
        raise _refused(f"the window must be 0 to {MAX_WINDOW.days} days")
    return window


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise _refused("start, end: expected ISO 8601") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(query: QueryParams, name: str, *, default: int, allowed: range) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        raise _refused(f"{name}: expected {allowed.start} to {allowed.stop - 1}")
    return int(text)


def _refused(hint: str) -> AimlapiError:
    return AimlapiError(HTTPStatus.BAD_REQUEST, f"Query validation error! {hint}")
