"""Usage as people read it: a table, made from what the API says and nothing else."""

from typing import Any

from rich import box
from rich.table import Table


def overview(answer: dict[str, Any], group_by: str) -> Table:
    table = Table(group_by.upper(), "JOBS", "IMAGES", "FAILED", "SPENT", box=box.SIMPLE_HEAD)
    for row in answer["data"]:
        table.add_row(row[group_by], *_cells(row))
    if total := answer.get("total"):
        table.add_row("total", *_cells(total))
    return table


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    unknown = row["jobs_of_unknown_cost"]
    spent = f"${row['spent_usd']}" + (f", of {unknown} jobs estimated" if unknown else "")
    return str(row["jobs"]), str(row["images"]), str(row["failed"]), spent
