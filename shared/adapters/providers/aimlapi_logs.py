"""AI/ML API's log of requests: what became of one whose answer was lost, but never its image."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from shared.adapters.providers.aimlapi_answers import usd
from shared.domain.errors import ErrorCode, Fault
from shared.domain.ids import TaskId
from shared.domain.offers import Offer
from shared.domain.public import timestamp
from shared.domain.reports import TaskReport, TaskState

# Around the moment of sending: their clock may differ.
_BEFORE: Final = timedelta(minutes=2)
_AFTER: Final = timedelta(minutes=5)
_ROWS: Final = 100
_PAGES: Final = 5

type Row = Mapping[str, Any]
type Page = tuple[list[Row], bool]


def query(offer: Offer, sent_at: datetime, *, offset: int) -> str:
    """Return what asks for a page of the requests that were made at about that time."""
    names = (offer.provider_model, *offer.provider_aliases)
    return urlencode(
        [
            ("start", timestamp(sent_at - _BEFORE)),
            ("end", timestamp(sent_at + _AFTER)),
            *(("model", name) for name in names),
            ("limit", _ROWS),
            ("offset", offset),
        ]
    )


def page_of(body: Mapping[str, Any]) -> Page | None:
    """Return the rows of a page and whether more follow; None for what is no page."""
    rows, pagination = body.get("data"), body.get("pagination")
    if not isinstance(rows, list):
        return None
    more = pagination.get("has_more") if isinstance(pagination, dict) else False
    return [row for row in rows if isinstance(row, dict)], more is True and bool(rows)


def rows_of(read_page: Callable[[int], Page]) -> Iterator[Row]:
    """Walk through the pages, a few of them at most; `read_page` takes the rows to skip."""
    for page in range(_PAGES):
        rows, more = read_page(page * _ROWS)
        yield from rows
        if not more:
            return


def fate(rows: Iterable[Row], *, name: str) -> TaskReport | None:
    """Return what became of the request that bears the name; None if it is not told."""
    ours = [row for row in rows if row.get("client_request_id") == name]
    made = next((row for row in ours if row.get("status") == "succeeded"), None)
    if made:
        return _report(made, charged=_cost(made), fault=_GONE)
    failed = next((row for row in ours if row.get("status") == "failed"), None)
    if not failed:
        return None
    cost = _cost(failed) or Decimal(0)
    return _report(failed, charged=cost, fault=_FAILED_AT_A_COST if cost else _FAILED)


def _report(row: Row, *, charged: Decimal | None, fault: Fault) -> TaskReport:
    inference = row.get("inference_id")
    return TaskReport(
        task_id=TaskId(inference if isinstance(inference, str) else ""),
        state=TaskState.FAILED,
        fault=fault,
        charged_usd=charged,
    )


def _cost(row: Row) -> Decimal | None:
    cost = row.get("cost")
    return usd(cost.get("usd")) if isinstance(cost, dict) else None


_GONE: Final = Fault(
    code=ErrorCode.RESULT_GONE,
    message="AI/ML API made the image and billed it, but its answer was lost and it keeps no copy",
)
_FAILED: Final = Fault(
    code=ErrorCode.PROVIDER_UNAVAILABLE,
    message="AI/ML API ran the request, failed it and charged nothing",
)
_FAILED_AT_A_COST: Final = Fault(
    code=ErrorCode.PROVIDER_UNAVAILABLE,
    message="AI/ML API ran the request, failed it and charged for it all the same",
)
