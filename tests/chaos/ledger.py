"""The sandbox's ledger, read as the truth about what the providers accepted, made and charged."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict

_PROVIDERS: Final = ("apixo", "oxen")
_TAKEN: Final = 200


class Result(BaseModel):
    url: str
    sha256: str


class Callback(BaseModel):
    at: datetime
    status: int | str
    forged: bool


class Row(BaseModel):
    """One paid task."""

    model_config = ConfigDict(frozen=True)

    provider: str
    task_id: str
    request: dict[str, Any]
    charged_usd: Decimal | None
    accepted_at: datetime
    results: tuple[Result, ...]
    callbacks: tuple[Callback, ...]
    faults: tuple[str, ...]

    @property
    def prompt(self) -> str:
        prompt: str = self.request.get("input", self.request)["prompt"]
        return prompt

    @property
    def charge(self) -> Decimal:
        return self.charged_usd or Decimal(0)

    @property
    def was_called_back(self) -> bool:
        """Whether a callback of the provider's own was taken."""
        return self.called_back_at is not None

    @property
    def called_back_at(self) -> datetime | None:
        taken = (one.at for one in self.callbacks if one.status == _TAKEN and not one.forged)
        return min(taken, default=None)


def read_ledger(sandbox_url: str) -> tuple[Row, ...]:
    books = _get(f"{sandbox_url}/ledger")
    return tuple(Row.model_validate(row) for name in _PROVIDERS for row in books[name])


def struck(sandbox_url: str) -> int:
    """Return how often any fault has struck."""
    told = _get(f"{sandbox_url}/faults")["struck"]
    return sum(times for faults in told.values() for times in faults.values())


def switch_faults_off(sandbox_url: str) -> None:
    httpx.delete(f"{sandbox_url}/faults", trust_env=False).raise_for_status()


def _get(url: str) -> Any:
    return httpx.get(url, trust_env=False, timeout=30).raise_for_status().json()
