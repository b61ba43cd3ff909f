"""Parameters and secrets: read when needed, remembered for minutes, read anew after them."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from moto import mock_aws

from local.aws import session
from local.engine import REGION
from shared.adapters.secrets import (
    AdminKeyCheck,
    CallbackKeyRing,
    Parameter,
    SecretMissing,
    new_callback_keys,
)

NAME: Final = "/seedhook/test/value"
KEY: Final = "k" * 48


class Wall:
    """The clock on the wall, put forward by hand."""

    at = 1_795_176_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield session(REGION).client("ssm")


def put(ssm: Any, value: str) -> None:
    ssm.put_parameter(Name=NAME, Value=value, Type="SecureString", Overwrite=True)


def test_a_parameter_is_decrypted_and_remembered_for_five_minutes(ssm: Any) -> None:
    wall = Wall()
    parameter = Parameter(lambda: ssm, name=NAME, now=wall)
    put(ssm, "first")
    assert parameter() == "first"

    put(ssm, "second")
    wall.at += 299
    assert parameter() == "first"
    wall.at += 1
    assert parameter() == "second"


def test_a_clock_that_was_put_back_makes_nothing_last_longer(ssm: Any) -> None:
    wall = Wall()
    parameter = Parameter(lambda: ssm, name=NAME, now=wall)
    put(ssm, "first")
    parameter()

    put(ssm, "second")
    wall.at -= 3600

    assert parameter() == "second"


def test_a_parameter_that_is_not_there_is_missed_until_it_is(ssm: Any) -> None:
    parameter = Parameter(lambda: ssm, name=NAME)
    with pytest.raises(SecretMissing, match=NAME):
        parameter()

    put(ssm, "now it is")

    assert parameter() == "now it is"


def test_who_may_make_the_first_value_makes_it_once_for_all(ssm: Any) -> None:
    values = iter(["first", "second"])

    for _ in range(2):
        assert Parameter(lambda: ssm, name=NAME, first=lambda: next(values))() == "first"

    (kept,) = ssm.describe_parameters()["Parameters"]
    assert kept["Type"] == "SecureString"


def test_of_two_that_make_the_first_value_at_once_the_quicker_wins(ssm: Any) -> None:
    def outrun() -> str:
        put(ssm, "the other's")
        return "mine"

    assert Parameter(lambda: ssm, name=NAME, first=outrun)() == "the other's"


def test_no_client_is_made_before_it_is_needed() -> None:
    def client() -> Any:
        raise AssertionError("nobody has asked yet")

    AdminKeyCheck(Parameter(client, name=NAME))
    CallbackKeyRing(Parameter(client, name=NAME, first=new_callback_keys))


@pytest.mark.parametrize(
    "text",
    ["", KEY[:-1], f"{KEY} ", KEY.upper(), f"sk_{KEY}", "é" * 48, "\U0001f511", "\ud800", "\0"],
    ids=ascii,
)
def test_the_admin_key_is_known_and_nothing_else_is(ssm: Any, text: str) -> None:
    put(ssm, KEY)
    is_admin_key = AdminKeyCheck(Parameter(lambda: ssm, name=NAME))

    assert is_admin_key(KEY)
    assert not is_admin_key(text)


@pytest.mark.parametrize("text", ["", KEY])
def test_without_an_admin_key_nobody_is_admin(ssm: Any, text: str) -> None:
    assert not AdminKeyCheck(Parameter(lambda: ssm, name=NAME))(text)


def test_what_the_first_signer_makes_opens_for_everybody(ssm: Any) -> None:
    signing = CallbackKeyRing(Parameter(lambda: ssm, name=NAME, first=new_callback_keys))()
    opening = CallbackKeyRing(Parameter(lambda: ssm, name=NAME))()

    assert signing == opening
    assert len(signing.keys[signing.current]) == 64
    assert json.loads(new_callback_keys()) != json.loads(new_callback_keys())


def test_while_nothing_has_been_signed_nothing_is_genuine(ssm: Any) -> None:
    """And what the signer makes a moment later opens at once."""
    ring = CallbackKeyRing(Parameter(lambda: ssm, name=NAME))
    assert ring().keys == {}

    put(ssm, new_callback_keys())

    assert set(ring().keys) == {"k1"}


def test_both_callback_keys_verify_during_a_rotation(ssm: Any) -> None:
    content = {"kid": "k2", "key": "new", "other": {"kid": "k1", "key": "old"}}
    put(ssm, json.dumps(content))

    keys = CallbackKeyRing(Parameter(lambda: ssm, name=NAME))()

    assert (keys.current, keys.keys) == ("k2", {"k1": b"old", "k2": b"new"})
