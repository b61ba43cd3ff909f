"""docs/webhooks.md: its commands run, its receiver verifies, its table is the schedule."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from local.stack import Stack
from shared.domain.delivery import SCHEDULE
from shared.domain.webhook import TenantEvent
from shared.domain.webhook_signature import secret_of, signed_headers
from shared.usecases.webhooks import Registration
from tests.docs.documents import Document
from tests.docs.test_commands import ROOT, run
from tests.memory_service import MemoryService

DOCUMENT = Document(Path("docs/webhooks.md"))
SCHEMA = json.loads(Path("events/schemas/webhook-event.json").read_bytes())
UNITS = {"s": 1, "min": 60, "h": 3600}
SECRET = secret_of(bytes(32))
PORT = "9000"


def seconds(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


def test_the_table_is_the_schedule() -> None:
    rows = DOCUMENT.table("try")

    assert [seconds(pause) for _, pause, _ in rows] == [p.total_seconds() for p in SCHEDULE]
    for number, _, in_all in rows:
        exact = sum(SCHEDULE[: int(number)], timedelta(0)).total_seconds()
        assert seconds(in_all) == pytest.approx(exact, rel=0.02)


def test_every_event_that_an_endpoint_may_hear_of_is_named() -> None:
    told = {span for span in DOCUMENT.code_spans if re.fullmatch(r"[a-z]+\.[a-z_]+", span)}

    assert told >= set(types_in(TenantEvent))
    assert told - set(types_in(TenantEvent)) <= {"data.version"}


def types_in(literal: Any) -> Iterator[str]:
    for one in get_args(literal):
        yield from [one] if isinstance(one, str) else types_in(one)


def receiver() -> Callable[[str, dict[str, str], bytes], int]:
    (block,) = [block for block in DOCUMENT.blocks if block.language == "python"]
    names: dict[str, Any] = {}
    exec(block.text, names)  # noqa: S102  as a reader would run it
    return names["receive"]


def test_the_receiver_takes_what_is_signed_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    body = b'{"type":"job.succeeded","data":{"id":"job_1"}}'
    headers = signed_headers([SECRET], message_id="evt_1", at=datetime.now(UTC), body=body)

    assert receiver()(SECRET, headers, body) == 204
    assert receiver()(SECRET, headers, body + b" ") == 401
    assert capsys.readouterr().out == "job.succeeded job_1\n"


@pytest.mark.engine
def test_the_commands_do_what_they_say(stack: Stack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    blocks = [block.text for block in DOCUMENT.blocks if block.words == ("webhooks",)]
    script = "\n".join(blocks).replace(PORT, port)

    command = tmp_path / "seedhook"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m client "$@"\n')
    command.chmod(0o755)

    printed = run(
        ["sh", "-eu", "-c", script],
        folder=tmp_path,
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        SEEDHOOK_URL=stack.api_url,
        SEEDHOOK_API_KEY=stack.api_key,
    )

    made = json.loads((tmp_path / "made.json").read_bytes())
    rotated = json.loads((tmp_path / "rotated.json").read_bytes())
    assert f"{made['id']}  https://shop.example/hook" in printed
    assert "valid: evt_1" in printed
    assert "0 on their way again" in printed
    assert f"{made['id']} removed" in printed
    assert made["secret"] != rotated["secret"]


def test_that_an_endpoint_was_given_up_is_told_as_its_schema_says() -> None:
    service = MemoryService()
    webhook = service.manage_webhooks.create("acme", Registration(url="https://shop.example/"))
    service.webhooks.save(webhook.gone(service.clock.now()), was=webhook)

    (event,) = service.store.announced.values()

    Draft202012Validator.check_schema(SCHEMA)
    told = json.loads(event.detail)
    assert list(Draft202012Validator(SCHEMA).iter_errors(told)) == []
    changes: tuple[dict[str, object], ...] = ({"type": "webhook.enabled"}, {"data": {}}, {"x": 1})
    for change in changes:
        assert list(Draft202012Validator(SCHEMA).iter_errors(told | change))
