"""Money in the books: whole micro-dollars, so that sums are exact everywhere."""

from decimal import ROUND_HALF_EVEN, Decimal

type Micros = int


def micros(amount: Decimal) -> Micros:
    return int(amount.scaleb(6).to_integral_value(rounding=ROUND_HALF_EVEN))


def usd(amount: Micros) -> str:
    """Return dollars as a decimal string with all six places."""
    return f"{Decimal(amount).scaleb(-6):.6f}"
