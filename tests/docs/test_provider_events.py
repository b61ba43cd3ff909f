"""What breakers announce is what events/schemas/ promises and events/emitted/ shows."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from shared.adapters.memory.health import MemoryBreakers, MemoryPlaces
from shared.adapters.memory.messages import VirtualClock
from shared.domain.breaker import OPENS_AFTER, Breaker
from shared.domain.errors import ErrorCode, Fault
from shared.domain.events import SOURCE, Event
from shared.domain.ids import EventId, JobId
from shared.usecases.provider_gate import ProviderGate

SCHEMA = json.loads(Path("events/schemas/provider-event.json").read_bytes())
SAMPLES = {path.stem: json.loads(path.read_bytes()) for path in Path("events/emitted").iterdir()}
NOW = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)
MODEL = "seedream-4.5"


def announced(code: ErrorCode = ErrorCode.PROVIDER_UNAVAILABLE) -> list[Event]:
    """One outage: five calls in vain, and one after the pause that is accepted."""
    events: dict[EventId, Event] = {}
    clock = VirtualClock(NOW)
    breakers = MemoryBreakers(events)
    gate = ProviderGate(breakers=breakers, places=MemoryPlaces(), limits={}, clock=clock)
    for _ in range(OPENS_AFTER):
        gate.report("apixo", MODEL, Fault(code=code, message="apixo: their words"))
    clock.sleep(60)
    gate.enter(JobId("job_1"), "apixo", MODEL)
    gate.report("apixo", MODEL, None)
    return list(events.values())


def details() -> list[dict[str, Any]]:
    return [json.loads(event.detail) for event in announced()]


def complaints(event: object) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(event)]


def opens(code: ErrorCode) -> bool:
    breaker = Breaker(provider="apixo", model=MODEL)
    for _ in range(OPENS_AFTER):
        breaker = breaker.after(Fault(code=code, message="words"), NOW)
    return breaker.is_tripped


REASONS = [code for code in ErrorCode if opens(code)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("code", REASONS)
def test_what_is_announced_fits_the_schema(code: ErrorCode) -> None:
    events = announced(code)

    assert [event.type for event in events] == SCHEMA["properties"]["type"]["enum"]
    assert [complaints(json.loads(event.detail)) for event in events] == [[], []]


def test_the_schema_knows_every_reason_to_open_and_no_other() -> None:
    known = SCHEMA["$defs"]["reason"]["properties"]["code"]["enum"]

    assert known == [code.value for code in REASONS]


@pytest.mark.parametrize("which", [0, 1], ids=["open", "closed"])
def test_a_sample_is_what_the_bus_hands_on(which: int) -> None:
    event = announced()[which]
    sample = SAMPLES[event.type]

    assert json.loads(event.detail) == sample["detail"]
    assert (sample["source"], sample["detail-type"]) == (SOURCE, event.type)
    assert datetime.fromisoformat(sample["time"]) == event.created_at


def test_every_type_has_a_sample() -> None:
    of_providers = {name for name in SAMPLES if name.startswith("provider.")}

    assert of_providers == set(SCHEMA["properties"]["type"]["enum"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": "provider.closed"}, id="another type's state"),
        pytest.param({"type": "provider.half_open"}, id="unknown type"),
        pytest.param({"created_at": "2026-11-20T12:00:00Z"}, id="no milliseconds"),
        pytest.param({"stage": "dev"}, id="one field more"),
        pytest.param({"id": "evt_01M7WD7TG0000G40R40M30E209"}, id="another kind of id"),
    ],
)
def test_the_schema_refuses_another_event(change: dict[str, Any]) -> None:
    assert complaints(details()[0] | change)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": "closed"}, id="another state"),
        pytest.param({"reason": None}, id="no reason"),
        pytest.param({"reason": {"code": "content_policy", "message": "x"}}, id="another reason"),
        pytest.param({"since": None}, id="no time"),
        pytest.param({"retry_at": "2026-11-20T12:00:00.000Z"}, id="one field more"),
    ],
)
def test_the_schema_refuses_another_provider(change: dict[str, Any]) -> None:
    event = details()[0]
    event["data"] |= change

    assert complaints(event)


def test_an_event_comes_when_its_state_begins() -> None:
    first, last = details()

    assert first["data"]["since"] == first["created_at"] == "2026-11-20T12:03:00.000Z"
    assert last["data"]["since"] == last["created_at"] == "2026-11-20T12:04:00.000Z"
