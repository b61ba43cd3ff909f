"""What a sandbox has to be told."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    base_url: str  # what the absolute URLs in answers start with
    latency: float = 0.0  # factor on the providers' real times: 0 is at once, 1 is real
    api_key: str | None = None  # None takes any key that is not blank
    apixo_balance_usd: Decimal = Decimal(1000)  # before what the ledger charges
    keep_alive_seconds: float = 15.0  # between two comments on an idle event stream
