"""The dollars in docs/cost.md follow from the units beside them and the price list."""

from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from benchmarks.prices import PER_GB_SECOND, PER_READ_UNIT, Units, idle_month
from local.template_bridge import load_template
from shared.usecases.await_end import PAUSE_SECONDS
from tests.docs.documents import Document

COST: Final = Document(Path("docs/cost.md"))


@pytest.mark.parametrize("row", COST.table("priced path"), ids=lambda row: row[0])
def test_the_dollars_of_a_path_follow_from_its_units(row: list[str]) -> None:
    *cells, dollars = row[1:]

    units = Units.of(cells)

    assert f"{units.dollars_per_thousand():.3f}" == dollars


@pytest.mark.parametrize("row", COST.table("one post waits"), ids=lambda row: row[0])
def test_the_dollars_of_a_wait_follow_from_the_functions_memory(row: list[str]) -> None:
    seconds, gigabyte_seconds, reads, dollars = (cell.removesuffix(" s") for cell in row)
    memory = load_template(Path("template.yaml"))["Resources"]["OpenAiFunction"]["Properties"]
    waited = float(seconds) * memory["MemorySize"] / 1024

    assert float(gigabyte_seconds) == waited
    assert float(reads) == float(seconds) / PAUSE_SECONDS
    price = waited * PER_GB_SECOND + float(reads) * PER_READ_UNIT
    assert f"{1000 * price:.3f}" == dollars


def test_the_idle_month_is_that_of_the_template() -> None:
    resources = load_template(Path("template.yaml"))["Resources"].values()
    queues = sum(
        event["Type"] == "SQS"
        for one in resources
        if one["Type"] == "AWS::Serverless::Function"
        for event in one["Properties"].get("Events", {}).values()
    )
    month = idle_month(queues=queues, reads=0.5, writes=0)

    told = [Decimal(row[1]) for row in COST.table("in a month")]

    assert [f"{dollars:.2f}" for dollars in month.values()] == [str(one) for one in told[:2]]
    assert f"Together ${sum(told)}" in COST.text
