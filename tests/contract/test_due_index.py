"""One glance tells that nothing is due, whatever it is that could be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.aws import Aws
from tests.contract.engines import REAL_ENGINES
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.test_batches import a_batch
from tests.contract.test_deliveries import a_delivery
from tests.contract.worlds import Table, dynamo_table

SEEN_AT_ONCE = 100
TICK = timedelta(milliseconds=1)


def add_job(table: Table) -> None:
    table.jobs.add(replace(a_job(), due_at=NOW))
    table.outbox.published(table.outbox.unpublished(before=NOW, limit=10))


def add_event(table: Table) -> None:
    table.jobs.add(replace(a_job(), due_at=None, created_at=NOW))


def add_delivery(table: Table) -> None:
    table.deliveries.add(a_delivery())


def add_batch(table: Table) -> None:
    table.batches.add(a_batch())


def test_an_empty_table_is_clear(table: Table) -> None:
    assert table.due_index.is_clear(before=NOW)


@pytest.mark.parametrize("add", [add_job, add_event, add_delivery, add_batch])
def test_it_is_clear_until_the_first_thing_is_due(
    table: Table, add: Callable[[Table], None]
) -> None:
    add(table)

    assert table.due_index.is_clear(before=NOW - TICK)
    assert not table.due_index.is_clear(before=NOW)


@pytest.mark.parametrize("aws", REAL_ENGINES, indirect=True)
def test_more_than_one_page_may_hide_something(aws: Aws) -> None:
    table = dynamo_table(aws)
    for number in range(SEEN_AT_ONCE + 1):
        table.deliveries.add(a_delivery(number + 60))

    assert not table.due_index.is_clear(before=NOW + MINUTE)
