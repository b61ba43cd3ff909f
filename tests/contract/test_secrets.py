"""The deployment's secrets: who holds the admin key is told from everybody else."""

from collections.abc import Iterator
from itertools import count

import pytest
from moto import mock_aws

from local.aws import session
from local.engine import REGION
from shared.adapters.secrets import AdminKeyCheck

KEY = "k" * 48
NUMBERS = count(1)


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdminKeyCheck]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        secrets = session(REGION).client("secretsmanager")
        secret = f"admin-key-{next(NUMBERS)}"  # a process remembers them by name
        secrets.create_secret(Name=secret, SecretString=f'{{"admin_key": "{KEY}"}}')
        yield AdminKeyCheck(secret=secret)


def test_the_admin_key_is_known(check: AdminKeyCheck) -> None:
    assert check(KEY)


@pytest.mark.parametrize(
    "text",
    ["", KEY[:-1], f"{KEY} ", KEY.upper(), f"sk_{KEY}", "é" * 48, "\U0001f511", "\ud800", "\0"],
    ids=ascii,
)
def test_nothing_else_is_and_nothing_raises(check: AdminKeyCheck, text: str) -> None:
    assert not check(text)
