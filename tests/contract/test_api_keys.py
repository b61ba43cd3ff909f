"""API keys: found by id, never replaced."""

from dataclasses import replace

import pytest

from shared.domain.api_key import ApiKey, issue
from shared.domain.errors import VersionConflict
from shared.domain.ids import KeyId
from shared.ports import ApiKeys
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
