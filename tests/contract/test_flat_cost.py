"""What a job takes hangs neither on the jobs that are stored nor on those in flight beside it.

The benchmarks say so up to 100,000 and 1,000; here are fewer, and the same bar.
"""

import pytest

from benchmarks.flight import LOOK, MOST_MORE, WAY, Countable, Flight, fly
from benchmarks.scale import store
from tests.contract.aws import Aws

pytestmark = pytest.mark.engine


def a_flight(ministack: Aws, count: int, *, stored: int = 0) -> Flight:
    service = Countable(Aws(ministack.dynamodb.meta.endpoint_url))
    store(service.aws.dynamodb, service.table, 0, stored)
    return fly(service, count)


@pytest.fixture(scope="module")
def alone(ministack: Aws) -> Flight:
    return a_flight(ministack, 1)


def test_a_job_takes_the_same_beside_stored_ones(ministack: Aws, alone: Flight) -> None:
    beside = a_flight(ministack, 1, stored=200)

    assert beside.jobs.times(alone.jobs) <= MOST_MORE
    assert beside.looking.times(alone.looking) <= MOST_MORE


def test_a_job_takes_the_same_beside_others_in_flight(ministack: Aws, alone: Flight) -> None:
    first, among = alone.for_each_job(), a_flight(ministack, 20).for_each_job()

    assert among[WAY].times(first[WAY]) <= MOST_MORE
    assert among[LOOK].times(first[LOOK]) <= 0.1  # one look is for all of them
