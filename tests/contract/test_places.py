"""Places: no more than the limit, one for a job however often it asks, none lost for good."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from shared.domain.ids import JobId
from shared.domain.places import PLACE_LIFE
from shared.ports.gates import Places
from tests.contract.aws import Aws
from tests.contract.samples import MINUTE, NOW
from tests.contract.test_races import WRITERS, at_once
from tests.contract.worlds import dynamo_table

MOMENT = timedelta(microseconds=1)
JOBS = [JobId(f"job_01M7WD7TG0000G40R40M30E{number:03}") for number in range(70)]


def take(
    places: Places,
    number: int = 0,
    *,
    limit: int = 2,
    provider: str = "apixo",
    now: datetime = NOW,
) -> bool:
    return places.take(provider, JOBS[number], limit=limit, now=now)


def test_where_nobody_ever_was_nobody_is(places: Places) -> None:
    assert places.taken("apixo") == {}


def test_there_are_as_many_places_as_the_limit_says(places: Places) -> None:
    assert [take(places, number) for number in range(4)] == [True, True, False, False]
    assert places.taken("apixo") == {JOBS[0]: NOW, JOBS[1]: NOW}


def test_a_job_that_asks_again_keeps_its_one_place(places: Places) -> None:
    assert take(places, 0)
    assert take(places, 0)
    assert take(places, 1)

    assert take(places, 0)
    assert not take(places, 2)


def test_a_limit_of_none_lets_nobody_in(places: Places) -> None:
    assert not take(places, limit=0)
    assert not take(places, limit=0)
    assert places.taken("apixo") == {}


def test_a_higher_limit_makes_room_at_once(places: Places) -> None:
    assert take(places, 0, limit=1)
    assert not take(places, 1, limit=1)

    assert take(places, 1, limit=2)


def test_a_lower_limit_takes_no_place_away(places: Places) -> None:
    assert take(places, 0)
    assert take(places, 1)

    assert take(places, 0, limit=1)
    assert not take(places, 2, limit=1)
    assert places.taken("apixo").keys() == {JOBS[0], JOBS[1]}


def test_a_place_that_is_given_back_is_free(places: Places) -> None:
    take(places, 0, limit=1)

    places.release("apixo", JOBS[0])

    assert places.taken("apixo") == {}
    assert take(places, 1, limit=1)


def test_giving_back_twice_takes_nothing_from_others(places: Places) -> None:
    take(places, 0)
    take(places, 1)

    places.release("apixo", JOBS[0])
    places.release("apixo", JOBS[0])

    assert places.taken("apixo").keys() == {JOBS[1]}


def test_giving_back_where_nobody_ever_was_does_no_harm(places: Places) -> None:
    places.release("apixo", JOBS[0])

    assert take(places)


def test_providers_have_places_of_their_own(places: Places) -> None:
    assert take(places, 0, limit=1)
    assert take(places, 1, limit=1, provider="oxen")

    places.release("oxen", JOBS[0])

    assert not take(places, 1, limit=1)
    assert places.taken("oxen").keys() == {JOBS[1]}


def test_a_place_that_nobody_gave_back_is_free_after_its_life(places: Places) -> None:
    take(places, 0, limit=1)

    assert not take(places, 1, limit=1, now=NOW + PLACE_LIFE - MOMENT)
    assert take(places, 1, limit=1, now=NOW + PLACE_LIFE)
    assert places.taken("apixo") == {JOBS[1]: NOW + PLACE_LIFE}


def test_asking_again_makes_a_place_last_longer(places: Places) -> None:
    later = NOW + 10 * MINUTE
    take(places, 0, limit=1)
    take(places, 0, limit=1, now=later)

    assert not take(places, 1, limit=1, now=NOW + PLACE_LIFE)
    assert take(places, 1, limit=1, now=later + PLACE_LIFE)


def test_only_those_who_overstayed_lose_their_place(places: Places) -> None:
    for number in range(3):
        take(places, number, limit=4, now=NOW + number * MINUTE)
    take(places, 3, limit=4, now=NOW + PLACE_LIFE)

    assert take(places, 4, limit=4, now=NOW + PLACE_LIFE + MINUTE)
    assert places.taken("apixo").keys() == {JOBS[2], JOBS[3], JOBS[4]}


def test_many_who_overstayed_are_in_nobodys_way(places: Places) -> None:
    for number in range(69):
        take(places, number, limit=69)

    assert take(places, 69, limit=69, now=NOW + PLACE_LIFE)


@pytest.mark.engine
def test_of_all_who_come_at_once_no_more_get_a_place_than_there_are(ministack: Aws) -> None:
    places = dynamo_table(ministack).places

    for now in (NOW, NOW + PLACE_LIFE):  # into an empty house, and into one that all have left
        got = at_once(*(partial(take, places, n, limit=5, now=now) for n in range(WRITERS)))

        assert got.count(True) == len(places.taken("apixo")) == 5
