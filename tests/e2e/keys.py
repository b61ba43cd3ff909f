"""Keys with terms, made through the front door as an operator makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.stack import Stack
from tests.e2e.api import Api


@contextmanager
def admin(stack: Stack) -> Iterator[Api]:
    with Api(base_url=stack.api_url, key=stack.admin_key) as api:
        yield api


def make_key(stack: Stack, **terms: Any) -> dict[str, Any]:
    with admin(stack) as api:
        answer = api.post("/v1/keys", json={"name": "test"} | terms)
    assert answer.status_code == 201, answer.text
    return answer.json()


def spend(stack: Stack, key: dict[str, Any]) -> dict[str, Any]:
    with admin(stack) as api:
        listed = api.get("/v1/keys").json()["data"]
    return next(one["spend"] for one in listed if one["id"] == key["id"])


@contextmanager
def caller(stack: Stack, **terms: Any) -> Iterator[tuple[Api, dict[str, Any]]]:
    """Give back an API to ask with a new key, and the key."""
    key = make_key(stack, **terms)
    with Api(base_url=stack.api_url, key=key["key"]) as api:
        yield api, key
