"""Secrets and parameters: read when needed, remembered for minutes, read anew after them."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from moto import mock_aws

from local.aws import session
from local.engine import REGION
from shared.adapters.secrets import AdminKeyCheck, Parameter, SecretCallbackKeys

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


@pytest.fixture
def secrets() -> Iterator[Any]:
    with mock_aws():
        yield session(REGION).client("secretsmanager")


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


def test_no_client_is_made_before_it_is_needed() -> None:
    def client() -> Any:
        raise AssertionError("nobody has asked yet")

    Parameter(client, name=NAME)
    AdminKeyCheck(client, secret="admin")


@pytest.mark.parametrize(
    "text",
    ["", KEY[:-1], f"{KEY} ", KEY.upper(), f"sk_{KEY}", "é" * 48, "\U0001f511", "\ud800", "\0"],
    ids=ascii,
)
def test_the_admin_key_is_known_and_nothing_else_is(secrets: Any, text: str) -> None:
    secrets.create_secret(Name="admin", SecretString=json.dumps({"admin_key": KEY}))
    is_admin_key = AdminKeyCheck(lambda: secrets, secret="admin")

    assert is_admin_key(KEY)
    assert not is_admin_key(text)


def test_callback_keys_of_two_generations_verify_during_a_rotation(secrets: Any) -> None:
    content = {"kid": "k2", "key": "new", "previous": {"kid": "k1", "key": "old"}}
    secrets.create_secret(Name="callbacks", SecretString=json.dumps(content))

    keys = SecretCallbackKeys(lambda: secrets, secret="callbacks")()

    assert (keys.current, keys.keys) == ("k2", {"k1": b"old", "k2": b"new"})
