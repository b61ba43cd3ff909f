"""Bodies of callbacks as a gateway hands them on: encoded, or not what it says."""

import base64

import pytest

from functions.callback.handler import handle
from shared.domain.ids import TaskId
from shared.ports.messages import TaskHint
from tests.http_events import Answer, http_event
from tests.memory_service import MemoryService
from tests.unit.functions.test_callback import BODY, callback_path


def send_encoded(service: MemoryService, body: str | None) -> Answer:
    event = http_event("POST", "/v1/callbacks", path_parameters=callback_path(service))
    return Answer.of(handle(service, event | {"body": body, "isBase64Encoded": True}))


def test_a_body_that_comes_encoded_is_kept_as_the_provider_sent_it(service: MemoryService) -> None:
    assert send_encoded(service, base64.b64encode(BODY.encode()).decode()).status == 200

    assert [kept.body for kept in service.archive.kept] == [BODY.encode()]
    assert service.to_collect.messages[0][1] == TaskHint(attempt=1, task_id=TaskId("apixo-0"))


@pytest.mark.parametrize("body", ["a", "ä", "", None], ids=["cut", "no base64", "empty", "none"])
def test_a_callback_counts_though_its_body_cannot_be_decoded(
    service: MemoryService, body: str | None
) -> None:
    assert send_encoded(service, body).status == 200

    assert [kept.body for kept in service.archive.kept] == [b""]
    assert len(service.to_collect.messages) == 1
