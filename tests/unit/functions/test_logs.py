"""What a function writes: each line says whose it is, and no line tells a secret."""

import json
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from typing import Any

import pytest

from shared.adapters.sqs import write_message
from shared.domain.ids import TaskId
from shared.domain.measurement import Metric
from shared.ports.messages import TaskHint
from tests.http_events import AnyContext, http_event
from tests.memory_service import NOW, MemoryService
from tests.unit.functions.test_callback import callback_path

type Lines = Callable[[], list[dict[str, Any]]]

ROOT = "1-67891233-abcdef012345678912345678"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Return the lines that functions have written, read as JSON."""
    stream = StringIO()
    handler = import_module("functions.collect.handler").logger.registered_handler
    monkeypatch.setattr(handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def invoke(
    name: str, event: dict[str, Any], service: MemoryService, patch: pytest.MonkeyPatch
) -> Any:
    """Call a function as Lambda does, in another world."""
    module = import_module(f"functions.{name}.handler")
    maker = (lambda: module.create_app(service)) if hasattr(module, "_app") else (lambda: service)
    patch.setattr(module, "_app" if hasattr(module, "_app") else "_service", maker)
    return module.lambda_handler(event, AnyContext())


def from_queue(body: str, *, tries: int = 1) -> dict[str, Any]:
    record = {
        "messageId": "message-1",
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(tries),
            "SentTimestamp": str(int(NOW.timestamp() * 1000)),
        },
        "eventSource": "aws:sqs",
    }
    return {"Records": [record]}


def test_a_request_is_told_with_the_id_that_the_caller_knows(
    service: MemoryService, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = service.issue_key(tenant="default", name="test").text
    body = json.dumps({"model": "seedream-4.5", "prompt": "a fox"})

    answer = invoke(
        "submit", http_event("POST", "/v1/jobs", body=body, key=key), service, monkeypatch
    )

    (line,) = written()
    assert line["message"] == "submitted"
    assert line["correlation_id"] == "request-1"
    assert (line["job_id"], line["attempt"]) == (json.loads(answer["body"])["id"], 1)


def test_the_trace_of_the_request_is_joined_with_what_a_callback_leads_to(
    service: MemoryService, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.trace_id = lambda: ROOT
    job = service.submit(provider="apixo")
    service.time.sleep(9)
    service.apixo.finish_all()
    hint = TaskHint(attempt=1, task_id=TaskId("apixo-0"))

    invoke("collect", from_queue(write_message(job.id, hint)), service, monkeypatch)

    (line,) = written()
    assert (line["message"], line["job_id"], line["attempt"]) == ("collected", job.id, 1)
    assert (line["trace"], line["correlation_id"]) == (ROOT, "message-1")
    assert service.measured.values(Metric.CALLBACK_TO_STORED) == [9]


def test_what_no_callback_sent_says_nothing_of_callbacks(
    service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit(provider="oxen")
    service.oxen.finish_all()

    invoke("collect", from_queue(write_message(job.id, None)), service, monkeypatch)

    assert service.measured.values(Metric.CALLBACK_TO_STORED) == []


def test_a_message_that_fails_is_told_and_comes_again(
    service: MemoryService, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def get(self, job_id: str) -> None:
            raise ConnectionError(f"no table for {job_id}")

    job = service.admit()
    service.jobs = Broken()  # type: ignore[assignment]  # a table that is down

    answer = invoke(
        "dispatch", from_queue(write_message(job.id, None), tries=3), service, monkeypatch
    )

    (line,) = written()
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert (line["level"], line["tries"]) == ("ERROR", 3)
    assert line["exception_name"] == "ConnectionError"
    assert (line["correlation_id"], line["job_id"]) == ("message-1", job.id)


def test_keys_of_one_message_are_not_those_of_the_next(
    service: MemoryService, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = service.submit(provider="apixo")
    invoke("collect", from_queue(write_message(job.id, None)), service, monkeypatch)

    import_module("functions.collect.handler").logger.info("between")

    last = written()[-1]
    assert "job_id" not in last
    assert last.get("correlation_id") != "message-1"


def test_a_forged_callback_is_counted(
    service: MemoryService, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = callback_path(service) | {"token": "k1.9999999999." + "A" * 43}
    event = http_event("POST", "/v1/callbacks", body="{}", path_parameters=path)

    invoke("callback", event, service, monkeypatch)

    assert service.measured.values(Metric.FORGED_CALLBACKS) == [1]
    (line,) = written()
    assert (line["message"], line["correlation_id"]) == ("forged callback", "request-1")
    assert "AAAA" not in json.dumps(line)
