"""What cannot be an id of ours is 404, and no store is asked for it."""

from typing import Any

import pytest

from shared.api.operations import OPERATIONS
from tests.memory_service import ADMIN_KEY
from tests.unit.functions.front_door import FrontDoor

STORES = ("jobs", "batches", "webhooks", "deliveries")
NO_IDS = ["x" * 3000, "job_" + "0" * 25, "job_" + "0" * 27, "%00", "é" * 30, "wh_" + "l" * 26]
WITH_IDS = [one for one in OPERATIONS if "_id}" in one.path and "model_id" not in one.path]


class Nothing:
    """A store that nobody may ask."""

    def __getattr__(self, name: str) -> Any:
        def asked(*_: Any, **__: Any) -> None:
            raise AssertionError(f"{name} was asked")

        return asked


@pytest.mark.parametrize("text", NO_IDS)
@pytest.mark.parametrize("operation", WITH_IDS, ids=lambda operation: operation.name)
def test_what_is_no_id_is_not_found_without_a_look(operation: Any, text: str) -> None:
    door = FrontDoor()
    key = ADMIN_KEY if operation.key == "admin" else door.make_key()["key"]
    for store in STORES:
        setattr(door.service, store, Nothing())
    names = [part for part in operation.path.split("/") if part.endswith("_id}")]
    path = operation.path.replace(names[0], text).replace("{index}", "0")
    body = {"url": "https://example.com/hook"} if operation.request else None

    answer = door.call(operation.method.upper(), path, body, key=key)

    assert answer.status == 404, answer.body
    assert len(answer.body) < 1000


def test_every_kind_of_id_is_among_them() -> None:
    paths = " ".join(operation.path for operation in WITH_IDS)

    for name in ("job_id", "batch_id", "webhook_id", "delivery_id", "key_id"):
        assert f"{{{name}}}" in paths
