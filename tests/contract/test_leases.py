"""Leases: one holder at a time, for as long as it renews."""

from datetime import datetime, timedelta

from shared.ports.gates import Leases
from tests.contract.samples import NOW

LATER = NOW + timedelta(seconds=30)
MOMENT = timedelta(microseconds=1)


def acquire(leases: Leases, owner: str, *, name: str = "watch", now: datetime = NOW) -> bool:
    return leases.acquire(name, owner=owner, now=now, until=now + timedelta(seconds=30))


def test_a_lease_has_one_holder(leases: Leases) -> None:
    assert acquire(leases, "first")

    assert not acquire(leases, "second")
    assert not acquire(leases, "second", now=LATER - MOMENT)


def test_being_refused_takes_nothing_from_the_holder(leases: Leases) -> None:
    acquire(leases, "first")
    acquire(leases, "second")

    assert acquire(leases, "first")
    assert not acquire(leases, "third")


def test_the_holder_renews_it(leases: Leases) -> None:
    acquire(leases, "first")

    assert acquire(leases, "first", now=LATER - MOMENT)
    assert not acquire(leases, "second", now=LATER)


def test_a_lease_that_ran_out_is_taken_over(leases: Leases) -> None:
    acquire(leases, "first")

    assert acquire(leases, "second", now=LATER)
    assert not acquire(leases, "first", now=LATER)


def test_a_lease_that_ran_out_may_still_be_renewed_while_nobody_took_it(leases: Leases) -> None:
    acquire(leases, "first")

    assert acquire(leases, "first", now=LATER + timedelta(hours=1))


def test_a_released_lease_is_free_at_once(leases: Leases) -> None:
    acquire(leases, "first")

    leases.release("watch", owner="first")

    assert acquire(leases, "second")


def test_a_stranger_releases_nothing(leases: Leases) -> None:
    acquire(leases, "first")

    leases.release("watch", owner="second")

    assert not acquire(leases, "second")


def test_who_was_replaced_does_not_release_the_new_holder(leases: Leases) -> None:
    acquire(leases, "first")
    acquire(leases, "second", now=LATER)

    leases.release("watch", owner="first")

    assert not acquire(leases, "third", now=LATER)


def test_releasing_what_nobody_holds_does_no_harm(leases: Leases) -> None:
    leases.release("watch", owner="first")

    assert acquire(leases, "second")


def test_leases_of_different_names_do_not_meet(leases: Leases) -> None:
    assert acquire(leases, "first", name="watch")
    assert acquire(leases, "second", name="sweep")

    leases.release("watch", owner="first")

    assert not acquire(leases, "third", name="sweep")
