"""Why a key's limits keep a job out, in words and figures for the caller."""

from datetime import datetime
from math import ceil
from typing import Final

from shared.domain.account import Account
from shared.domain.errors import BudgetExceeded, Busy, RateLimited, TooManyInFlight
from shared.domain.limits import Slot, renews_at
from shared.domain.money import Micros, usd
from shared.domain.public import timestamp

_NEXT_LOOK: Final = 5  # seconds: jobs end at any time


def beyond_budget(account: Account, needed: Micros) -> BudgetExceeded:
    renewal = timestamp(renews_at(account.window))
    facts = {
        "budget_usd": usd(account.budget),
        "left_usd": usd(account.left),
        "needed_usd": usd(needed),
        "renews_at": renewal,
    }
    anew = f"it renews at {renewal}" if renewal else "it does not renew"
    message = (
        f"of this key's ${usd(account.budget)} there are ${usd(account.left)} left, and this "
        f"takes ${usd(needed)}; {anew}"
    )
    return BudgetExceeded(message, facts)


def too_fast(slot: Slot, at: datetime) -> RateLimited:
    message = f"this key may ask for {slot.room} in {slot.seconds} s"
    wait = max(1, ceil(slot.end - at.timestamp()))
    return RateLimited(message, retry_after_seconds=wait)


def too_many(limit: int) -> TooManyInFlight:
    message = f"this key may have {limit} jobs under way, and has"
    return TooManyInFlight(message, retry_after_seconds=_NEXT_LOOK)


def busy() -> Busy:
    message = "too many jobs of this key are being written at this moment"
    return Busy(message, retry_after_seconds=1)
