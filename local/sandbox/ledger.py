"""What was accepted and what was charged: the truth a test compares Seedhook's books with."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from local.sandbox.clock import iso, now

FREE = Decimal(0)


class Provider(StrEnum):
    APIXO = "apixo"
    OXEN = "oxen"
    AIMLAPI = "aimlapi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    url: str
    sha256: str
    bytes: int
    width: int
    height: int
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTry:
    url_sha256: str
    at: str
    status: int | str
    number: int
    forged: bool = False  # not from the provider: a fault made it up

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "url_sha256": self.url_sha256,
            "at": self.at,
            "status": self.status,
            "try": self.number,
            "forged": self.forged,
        }


@dataclass(slots=True, kw_only=True)
class Row:
    """One paid task. `charged_usd` is None until something was charged or the task is over."""

    provider: Provider
    task_id: str
    request: dict[str, JsonValue]
    images_asked: int
    state: str
    charged_usd: Decimal | None = None
    accepted_at: datetime = field(default_factory=now)
    finished_at: datetime | None = None
    results: list[Result] = field(default_factory=list)
    callbacks: list[CallbackTry] = field(default_factory=list)
    called_back: asyncio.Event = field(default_factory=asyncio.Event)
    faults: list[str] = field(default_factory=list)

    def settle(self, state: str, charged_usd: Decimal) -> None:
        self.state = state
        self.charged_usd = charged_usd
        self.finished_at = now()

    def note(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)

    def add_callback(self, attempt: CallbackTry) -> None:
        self.callbacks.append(attempt)
        if not attempt.forged:
            self.called_back.set()

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "provider": self.provider,
            "task_id": self.task_id,
            "request": _without_capability(self.request),
            "images_asked": self.images_asked,
            "images_made": len(self.results),
            "charged_usd": None if self.charged_usd is None else str(self.charged_usd),
            "accepted_at": iso(self.accepted_at),
            "finished_at": iso(self.finished_at) if self.finished_at else None,
            "state": self.state,
            "results": [asdict(result) for result in self.results],
            "callbacks": [attempt.to_json() for attempt in self.callbacks],
            "faults": list[JsonValue](self.faults),
        }


_NOTED: ContextVar[list[Row] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[Row]]:
    """Collect the rows that are added within, work begun there included."""
    rows: list[Row] = []
    token = _NOTED.set(rows)
    try:
        yield rows
    finally:
        _NOTED.reset(token)


class Ledger:
    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(self, row: Row) -> Row:
        self._rows.append(row)
        if (noted := _NOTED.get()) is not None:
            noted.append(row)
        return row

    def row(self, provider: Provider, task_id: str) -> Row | None:
        rows = (row for row in self._rows if row.provider is provider and row.task_id == task_id)
        return next(rows, None)

    def clear(self) -> None:
        self._rows.clear()

    def charged(self, provider: Provider) -> Decimal:
        rows = (row for row in self._rows if row.provider is provider)
        return sum((row.charged_usd or FREE for row in rows), start=FREE)

    def to_json(self) -> dict[str, JsonValue]:
        return {
            provider: [row.to_json() for row in self._rows if row.provider is provider]
            for provider in Provider
        }


def fingerprint(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _without_capability(request: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Whoever holds a callback URL can use it, so the ledger shows its fingerprint."""
    url = request.get("callback_url")
    return (
        {**request, "callback_url": f"sha256:{fingerprint(url)}"}
        if isinstance(url, str)
        else request
    )
