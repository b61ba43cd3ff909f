"""Breakers: the version is the lock, and an outage is announced with the write that makes it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shared.adapters.dynamodb.breakers import DynamoBreakers
from shared.domain.breaker import OPENS_AFTER, Breaker
from shared.domain.errors import ErrorCode, Fault, VersionConflict
from shared.domain.events import Event, outage
from shared.ports.gates import Breakers
from shared.ports.jobs import JobStore
from shared.ports.messages import Outbox
from tests.contract.aws import Aws
from tests.contract.samples import MINUTE, NOW, a_job
from tests.contract.test_races import ROUNDS, WRITERS, at_once, wins
from tests.contract.worlds import dynamo_table

FAULT = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="apixo: no route")


def a_breaker(model: str = "seedream-4.5", *, provider: str = "apixo") -> Breaker:
    return Breaker(provider=provider, model=model)


def failed(breakers: Breakers, breaker: Breaker, *, times: int = 1) -> Breaker:
    for _ in range(times):
        breaker = saved(breakers, breaker.after(FAULT, NOW), was=breaker)
    return breaker


def opened(breakers: Breakers, breaker: Breaker | None = None) -> Breaker:
    return failed(breakers, breaker or a_breaker(), times=OPENS_AFTER)


def saved(breakers: Breakers, breaker: Breaker, *, was: Breaker) -> Breaker:
    breakers.save(breaker, was=was)
    return breaker


def unpublished(outbox: Outbox) -> list[Event]:
    return list(outbox.unpublished(before=NOW + 60 * MINUTE, limit=100))


def test_what_was_never_written_is_not_there(breakers: Breakers) -> None:
    assert list(breakers.all()) == []


def test_every_field_is_read_as_it_was_written(breakers: Breakers) -> None:
    full = replace(
        a_breaker(),
        version=1,
        failures=7,
        opened_at=NOW,
        pause=timedelta(seconds=120),
        retry_at=NOW + 2 * MINUTE,
        probe_at=NOW + 3 * MINUTE,
        reason=FAULT,
        closed_at=NOW - MINUTE,
    )
    breakers.save(full, was=a_breaker())

    assert list(breakers.all()) == [full]


def test_models_and_providers_have_breakers_of_their_own(breakers: Breakers) -> None:
    pairs = [("seedream-4", "apixo"), ("seedream-4.5", "apixo"), ("seedream-4.5", "oxen")]
    made = [failed(breakers, a_breaker(model, provider=name)) for model, name in pairs]

    assert sorted(breakers.all(), key=lambda one: (one.provider, one.model)) == made


def test_who_writes_over_what_he_has_not_read_loses(breakers: Breakers) -> None:
    once = failed(breakers, a_breaker())
    twice = failed(breakers, once)

    for stale in (a_breaker(), once):
        with pytest.raises(VersionConflict):
            breakers.save(stale.after(None, NOW) if stale.failures else once, was=stale)
    assert list(breakers.all()) == [twice]


def test_what_is_not_there_cannot_be_written_over(breakers: Breakers) -> None:
    never_written = a_breaker().after(FAULT, NOW)

    with pytest.raises(VersionConflict):
        breakers.save(never_written.after(FAULT, NOW), was=never_written)


def test_an_outage_is_announced_where_it_begins_and_where_it_ends(
    breakers: Breakers, outbox: Outbox
) -> None:
    breaker = opened(breakers)
    half_open = NOW + MINUTE
    probing = saved(breakers, breaker.probing(half_open), was=breaker)
    saved(breakers, probing.after(None, half_open), was=probing)

    events = unpublished(outbox)

    assert [event.type for event in events] == ["provider.open", "provider.closed"]
    assert [event.created_at for event in events] == [NOW, half_open]
    assert {event.subject for event in events} == {"breaker#apixo#seedream-4.5"}
    assert [json.loads(event.detail)["data"] for event in events] == [
        {
            "object": "provider",
            "provider": "apixo",
            "model": "seedream-4.5",
            "state": "open",
            "reason": {
                "code": "provider_unavailable",
                "message": "5 calls in a row could not be answered",
            },
            "since": "2026-11-20T12:00:00.123Z",
        },
        {
            "object": "provider",
            "provider": "apixo",
            "model": "seedream-4.5",
            "state": "closed",
            "reason": None,
            "since": "2026-11-20T12:01:00.123Z",
        },
    ]


def test_counting_failures_announces_nothing(breakers: Breakers, outbox: Outbox) -> None:
    failed(breakers, a_breaker(), times=4)

    assert unpublished(outbox) == []


def test_who_loses_announces_nothing(breakers: Breakers, outbox: Outbox) -> None:
    four = failed(breakers, a_breaker(), times=4)
    saved(breakers, four.after(None, NOW), was=four)

    with pytest.raises(VersionConflict):
        breakers.save(four.after(FAULT, NOW), was=four)

    assert unpublished(outbox) == []


def test_outages_of_two_models_do_not_hide_each_other(breakers: Breakers, outbox: Outbox) -> None:
    opened(breakers, a_breaker("seedream-4"))
    opened(breakers, a_breaker("seedream-4.5"))

    assert len(unpublished(outbox)) == 2


def test_events_of_providers_and_of_jobs_leave_the_same_way(
    breakers: Breakers, jobs: JobStore, outbox: Outbox
) -> None:
    jobs.add(a_job())
    four = failed(breakers, a_breaker(), times=4)
    event = outage(failed(breakers, four), was=four)
    assert event
    assert event in unpublished(outbox)

    outbox.published([event])

    assert [event.type for event in unpublished(outbox)] == ["job.accepted"]
    outbox.published(unpublished(outbox))
    assert unpublished(outbox) == []


def test_publishing_leaves_the_breaker_as_it_is(breakers: Breakers, outbox: Outbox) -> None:
    breaker = opened(breakers)

    outbox.published(unpublished(outbox))

    assert list(breakers.all()) == [breaker]


@pytest.mark.engine
def test_of_all_who_want_to_try_one_may(ministack: Aws) -> None:
    breakers = dynamo_table(ministack).breakers
    breaker = opened(breakers)
    for number in range(1, ROUNDS + 1):
        now = NOW + number * 10 * MINUTE
        right = breaker.probing(now)

        won = at_once(*WRITERS * [partial(wins, breakers.save, right, was=breaker)])

        assert won.count(True) == 1
        breaker = right


@pytest.mark.engine
def test_of_all_who_open_it_one_announces_it(ministack: Aws) -> None:
    table = dynamo_table(ministack)
    four = failed(table.breakers, a_breaker(), times=4)
    opening = [four.after(FAULT, NOW + timedelta(seconds=n)) for n in range(WRITERS)]

    won = at_once(*(partial(wins, table.breakers.save, one, was=four) for one in opening))

    (event,) = unpublished(table.outbox)
    (breaker,) = table.breakers.all()
    assert won.count(True) == 1
    assert event.created_at == breaker.opened_at


@contextmanager
def refusing(operation: str, code: str, *reasons: str) -> Iterator[Breakers]:
    """Breakers whose next write is refused as no engine does it."""
    client = Aws().dynamodb
    fields = {"CancellationReasons": [{"Code": reason} for reason in reasons]} if reasons else {}
    with Stubber(client) as stubber:
        stubber.add_client_error(operation, code, modeled_fields=fields)
        yield DynamoBreakers(client, table="table")


@pytest.mark.parametrize(
    "code", ["ConditionalCheckFailedException", "TransactionConflictException"]
)
def test_a_write_that_meets_another_has_lost(code: str) -> None:
    with refusing("put_item", code) as breakers, pytest.raises(VersionConflict):
        failed(breakers, a_breaker())


@pytest.mark.parametrize("reason", ["ConditionalCheckFailed", "TransactionConflict"])
def test_an_announced_write_that_meets_another_has_lost(reason: str) -> None:
    cancelled = refusing("transact_write_items", "TransactionCanceledException", reason, "None")
    four = replace(a_breaker(), failures=4, version=4)

    with cancelled as breakers, pytest.raises(VersionConflict):
        failed(breakers, four)


def test_a_table_too_busy_to_write_is_no_conflict() -> None:
    throttled = refusing("put_item", "ProvisionedThroughputExceededException")
    with throttled as breakers, pytest.raises(ClientError):
        failed(breakers, a_breaker())

    cancelled = refusing("transact_write_items", "TransactionCanceledException", "ThrottlingError")
    four = replace(a_breaker(), failures=4, version=4)
    with cancelled as breakers, pytest.raises(ClientError):
        failed(breakers, four)
