"""Keys as people read them: a table, made from what the API says and nothing else."""

from typing import Any

from rich import box
from rich.table import Table

_HEADINGS = ("ID", "NAME", "TENANT", "STATUS", "SPENT", "RESERVED", "BUDGET", "RATE", "IN FLIGHT")


def overview(keys: list[dict[str, Any]]) -> Table:
    table = Table(*_HEADINGS, box=box.SIMPLE_HEAD)
    for key in keys:
        spend = key["spend"]
        table.add_row(
            key["id"],
            key["name"],
            key["tenant"],
            key["status"],
            f"${spend['spent_usd']} in {spend['window']}",
            _dollars(spend["reserved_usd"]),
            _dollars(key["budget_usd"], per=key["window"]),
            _number(key["rate"], unit="/s"),
            _number(key["max_in_flight"]),
        )
    return table


def _dollars(amount: str | None, *, per: str | None = None) -> str:
    if amount is None:
        return "-"
    return f"${amount}/{per}" if per else f"${amount}"


def _number(value: float | None, *, unit: str = "") -> str:
    return "-" if value is None else f"{value:g}{unit}"
