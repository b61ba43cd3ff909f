"""Prices as an operator writes them: `oxen/seedream-4=0.03,oxen/seedream-4.5=0.04`."""

import re
from decimal import Decimal
from typing import Final

_PART: Final = re.compile(r"(?P<pair>[^\s/=,]+/[^\s=,]+)\s*=\s*(?P<usd>[0-9]{1,4}(\.[0-9]{1,6})?)")


def prices_of(text: str) -> dict[str, Decimal]:
    """Return dollars per image by `provider/model`.

    Raises ValueError naming the part that cannot be read, or the pair that stands twice.
    """
    prices: dict[str, Decimal] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        found = _PART.fullmatch(part)
        if not found:
            raise ValueError(f"{part!r} is no price: write provider/model=0.03, in dollars")
        if found["pair"] in prices:
            raise ValueError(f"{found['pair']} has two prices")
        prices[found["pair"]] = Decimal(found["usd"])
    return prices
