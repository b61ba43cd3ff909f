"""The intake function: events from the bucket and the bus, as EventBridge hands them on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.intake.handler import intake
from shared.domain.api_key import Terms
from shared.domain.job import Job
from shared.domain.limits import Limits
from shared.wiring.service import Service
from tests.memory_service import MemoryService
from tests.pictures import a_png

# EventBridge tells a key as it is, unlike S3's own notifications, which encode it.
ODD_KEYS = (
    "edits/two words.png",
    "edits/ space at both ends .png",
    "edits/one+one.png",
    "edits/two%20words.png",
    "edits/a%2Fb.png",
    "edits/100%.png",
    "edits/%.png",
    "edits/%zz%2.png",
    "edits/%2525.png",
    "edits/a&b=c?d#e;f.png",
    'edits/it\'s "quoted" \\ and <tagged>.png',
    "edits/tab\tand line\nbreak.png",
    "edits//double//slashes.png",
    "edits/z\N{LATIN SMALL LETTER U WITH DIAERESIS}rich.png",
    "edits/zu\N{COMBINING DIAERESIS}rich.png",
    "edits/\N{CJK UNIFIED IDEOGRAPH-65E5}\N{CJK UNIFIED IDEOGRAPH-672C}.png",
    "edits/\N{FOX FACE}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}\N{RAINBOW}.png",
    "edits/\N{RIGHT-TO-LEFT OVERRIDE}gnp.png",
    "edits/no extension",
    "edits/" + 1018 * "a",
)


def landed(key: str, *, version: str | None = None, event_id: str = "e1") -> str:
    """Return the message about an object, as it lies in the queue."""
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": "uploads"},
        "object": {"key": key, "size": 70, "sequencer": "00"},
        "reason": "PutObject",
    }
    if version:
        detail["object"]["version-id"] = version
    return an_event("Object Created", detail, source="aws.s3", event_id=event_id)


def an_event(kind: str, detail: object, *, source: str = "my.shop", event_id: str = "e1") -> str:
    envelope = {
        "version": "0",
        "id": event_id,
        "detail-type": kind,
        "source": source,
        "account": "123456789012",
        "time": "2026-11-20T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
    return json.dumps(envelope, ensure_ascii=False)


def jobs_of(service: MemoryService) -> Iterator[Job]:
    cursor = None
    while True:
        page = service.jobs.newest("default", limit=100, cursor=cursor)
        yield from page.jobs
        cursor = page.cursor
        if cursor is None:
            return


def refusals(service: MemoryService) -> list[dict[str, Any]]:
    events = service.store.announced.values()
    return [json.loads(one.detail)["data"] for one in events if one.type == "intake.refused"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_key_is_what_it_is_called(service: MemoryService, key: str) -> None:
    version = service.drops.drop(key, a_png(), prompt="at night")

    intake(service, landed(key, version=version))

    (job,) = jobs_of(service)
    assert job.source == key
    assert job.input.images == (f"s3://uploads/{key}?versionId={version}",)


def test_keys_that_other_routes_would_confuse_are_edits_of_their_own(
    service: MemoryService,
) -> None:
    for key in ("edits/a b.png", "edits/a+b.png", "edits/a%20b.png", "edits/a%2Bb.png"):
        version = service.drops.drop(key, a_png(), prompt=key.encode("ascii").hex())
        intake(service, landed(key, version=version))

    named = {(job.source, bytes.fromhex(job.input.prompt).decode()) for job in jobs_of(service)}
    assert len(named) == 4
    assert all(source == prompt for source, prompt in named)


def test_a_key_that_no_link_can_hold_is_refused_in_words(service: MemoryService) -> None:
    service.drops.drop("edits/./../up.png", a_png(), prompt="at night")

    intake(service, landed("edits/./../up.png"))

    (refusal,) = refusals(service)
    assert refusal["errors"][0]["pointer"] == "/images/0"


def test_a_picture_waits_for_its_sidecar_and_then_takes_the_recipe(service: MemoryService) -> None:
    service.drops.drop("edits/_recipe.json", b'{"prompt": "by recipe"}')
    version = service.drops.drop("edits/cat.png", a_png())

    intake(service, landed("edits/cat.png", version=version))
    ((message, seconds),) = service.to_intake.later
    assert (list(jobs_of(service)), seconds) == ([], 60)
    service.time.sleep(seconds)
    intake(service, message)

    (job,) = jobs_of(service)
    assert job.input.prompt == "by recipe"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "no json",
        "[" * 100_000,
        "{}",
        '{"id": "e1"}',
        an_event("job.succeeded", {"model": "seedream-4.5", "prompt": "x"}),
        an_event("Object Created", {"object": {}}, source="aws.s3"),
        an_event("Object Created", None, source="aws.s3"),
        landed("elsewhere/cat.png"),
    ],
)
def test_a_message_that_asks_for_nothing_is_done_with(service: MemoryService, body: str) -> None:
    intake(service, body)

    assert not list(jobs_of(service))
    assert not refusals(service)


@pytest.mark.parametrize("detail", [None, [], "x", 7, {}, {"model": "seedream-4.5"}])
def test_a_request_that_is_none_is_answered_by_an_event(
    service: MemoryService, detail: object
) -> None:
    intake(service, an_event("job.requested", detail, event_id="e7"))

    (refusal,) = refusals(service)
    assert (refusal["code"], refusal["source"]) == ("invalid_request", "event:e7")
    assert refusal["errors"]


def test_each_source_runs_under_the_key_that_is_named_for_it(service: MemoryService) -> None:
    edits, events = service.a_key(), service.a_key()
    service.edits_key_id, service.events_key_id = edits.id, events.id
    service.drops.drop("edits/cat.png", a_png(), prompt="dropped")

    intake(service, landed("edits/cat.png"))
    intake(service, an_event("job.requested", {"model": "seedream-4.5", "prompt": "asked for"}))

    keys = {job.input.prompt: job.key_id for job in jobs_of(service)}
    assert keys == {"dropped": edits.id, "asked for": events.id}


def test_a_source_without_a_key_is_refused_and_the_other_is_not(service: MemoryService) -> None:
    service.edits_key_id = None
    service.drops.drop("edits/cat.png", a_png(), prompt="dropped")
    service.drops.drop("batches/list.jsonl", b"{}")

    for key in ("edits/cat.png", "batches/list.jsonl"):
        intake(service, landed(key))
    intake(service, an_event("job.requested", {"model": "seedream-4.5", "prompt": "asked for"}))

    assert [job.input.prompt for job in jobs_of(service)] == ["asked for"]
    assert [one["source"].partition("?")[0] for one in refusals(service)] == [
        "s3://uploads/edits/cat.png",
        "s3://uploads/batches/list.jsonl",
    ]
    assert all("no API key is named" in one["detail"] for one in refusals(service))


def test_a_revoked_key_takes_nothing_in(service: MemoryService) -> None:
    key = service.a_key()
    service.events_key_id = key.id
    service.revoke_key(key.id)

    intake(service, an_event("job.requested", {"model": "seedream-4.5", "prompt": "asked for"}))

    (refusal,) = refusals(service)
    assert "no API key is named" in refusal["detail"]


@pytest.mark.parametrize(
    ("environ", "edits", "events"),
    [
        ({}, None, None),
        ({"EDITS_KEY_ID": "", "EVENTS_KEY_ID": ""}, None, None),
        ({"EDITS_KEY_ID": "0123456789abcdef"}, "0123456789abcdef", None),
        ({"EVENTS_KEY_ID": "0123456789abcdef"}, None, "0123456789abcdef"),
    ],
)
def test_the_keys_are_named_by_the_deployment(
    environ: dict[str, str], edits: str | None, events: str | None
) -> None:
    named = Service(environ=environ)

    assert (named.edits_key_id, named.events_key_id) == (edits, events)


def limited(service: MemoryService, **limits: Any) -> None:
    terms = Terms(limits=Limits(**limits))
    key = service.issue_key(tenant="default", name="limited", terms=terms).key
    service.edits_key_id = service.events_key_id = key.id


def test_what_a_keys_rate_keeps_out_comes_again_and_is_not_lost(service: MemoryService) -> None:
    limited(service, rate=1 / 60)
    bodies = [
        an_event("job.requested", {"model": "seedream-4.5", "prompt": str(n)}, event_id=f"e{n}")
        for n in range(3)
    ]

    for body in bodies:
        intake(service, body)
    while service.to_intake.later:
        message, seconds = service.to_intake.later.pop(0)
        service.time.sleep(seconds)
        intake(service, message)

    assert sorted(job.input.prompt for job in jobs_of(service)) == ["0", "1", "2"]
    assert not refusals(service)


def test_two_hundred_pictures_under_a_limited_key_are_two_hundred_jobs(
    service: MemoryService,
) -> None:
    limited(service, max_in_flight=20)
    keys = [f"edits/{number:04}.png" for number in range(200)]
    versions = [service.drops.drop(key, a_png(), prompt="at night") for key in keys]
    bodies = [landed(key, version=one) for key, one in zip(keys, versions, strict=True)]
    waiting = [*bodies, *reversed(bodies)]  # each is told of twice
    collected = 0

    while waiting:
        for body in waiting:
            intake(service, body)
        service.deliver_messages()
        service.apixo.finish_all()
        for task in list(service.apixo.tasks.values())[collected:]:
            service.collect(task.order.job_id)
        collected = len(service.apixo.tasks)
        delays = [seconds for _, seconds in service.to_intake.later]
        assert all(1 <= seconds <= 900 for seconds in delays)
        waiting = [message for message, _ in service.to_intake.later]
        service.to_intake.later.clear()
        service.time.sleep(max(delays, default=0))

    assert sorted(str(job.source) for job in jobs_of(service)) == keys


def test_a_step_of_a_batch_comes_by_the_same_queue(service: MemoryService) -> None:
    line = json.dumps({"model": "seedream-4.5", "prompt": "a fox"}).encode()
    service.drops.drop("batches/list.jsonl", line)
    intake(service, landed("batches/list.jsonl"))
    ((tenant, batch_id),) = service.to_batches.messages

    intake(service, json.dumps({"tenant": tenant, "batch_id": batch_id}))

    assert [job.input.prompt for job in jobs_of(service)] == ["a fox"]
