"""API keys: found by id, never replaced."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.api_key import ApiKey, Terms, issue
from shared.domain.errors import VersionConflict
from shared.domain.ids import KeyId
from shared.domain.limits import Limits, Window
from shared.domain.retention import Retention
from shared.ports.keys import ApiKeys
from tests.contract.samples import NOW


def a_key(number: int = 1) -> ApiKey:
    randomness = number.to_bytes(72, "little")
    return issue(tenant="acme", name='Åsa\'s "key" 🦊', at=NOW, randomness=randomness).key


def test_a_key_is_found_as_it_was_added(api_keys: ApiKeys) -> None:
    api_keys.add(a_key())

    assert api_keys.find(a_key().id) == a_key()


def test_each_key_is_found_by_its_own_id(api_keys: ApiKeys) -> None:
    api_keys.add(a_key(1))
    api_keys.add(a_key(2))

    assert api_keys.find(a_key(1).id) == a_key(1)
    assert api_keys.find(a_key(2).id) == a_key(2)


def test_an_unknown_id_finds_nothing(api_keys: ApiKeys) -> None:
    api_keys.add(a_key())

    assert api_keys.find(KeyId("0000000000000000")) is None


def test_a_key_is_never_replaced(api_keys: ApiKeys) -> None:
    api_keys.add(a_key())

    with pytest.raises(VersionConflict):
        api_keys.add(replace(a_key(), tenant="intruder"))

    assert api_keys.find(a_key().id) == a_key()


def test_a_key_keeps_its_terms(api_keys: ApiKeys) -> None:
    terms = Terms(
        limits=Limits(budget=1, window=Window.TOTAL, rate=0.5, max_in_flight=3),
        models=("seedream-4", "seedream-4.5"),
        expires_at=NOW,
        retention=Retention(media_days=7, record_days=30),
    )
    key = replace(a_key(), terms=terms)
    issued = key.rotated(bytes(32), NOW)

    api_keys.add(issued.key)

    assert api_keys.find(key.id) == issued.key


def test_a_key_is_changed_by_who_has_seen_it_last(api_keys: ApiKeys) -> None:
    key = a_key()
    api_keys.add(key)
    api_keys.save(key.revoked(NOW), was=key)

    with pytest.raises(VersionConflict):
        api_keys.save(key.rotated(bytes(32), NOW).key, was=key)

    assert api_keys.find(key.id) == key.revoked(NOW)


def test_all_keys_are_listed_newest_first(api_keys: ApiKeys) -> None:
    older = replace(a_key(1), created_at=NOW - timedelta(days=1))
    newer = replace(a_key(2), tenant="other")
    api_keys.add(older)
    api_keys.add(newer)
    api_keys.save(older.revoked(NOW), was=older)

    assert list(api_keys.all()) == [newer, older.revoked(NOW)]
