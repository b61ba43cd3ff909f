"""Each sample in events/ is taken by the function whose trigger it shows.

They tell one job from request to event, in the world of tests/docs/story.py.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from local.template_bridge import load_template
from shared.adapters.dynamodb.items import event_item
from shared.adapters.sqs import write_message
from shared.domain.ids import JobId, TaskId
from shared.domain.status import JobStatus
from shared.ports.callbacks import KeptCallback
from shared.ports.messages import TaskHint
from shared.usecases.webhooks import Registration
from tests.docs.story import DRAWING_SECONDS, PICTURE, StoryService
from tests.http_events import Answer, AnyContext
from tests.unit.functions.calling import finish_after

type Invoke = Callable[[str], Any]

FILES = {path.name.split(".")[0]: path for path in sorted(Path("events").glob("*.json"))}
SAMPLES: dict[str, Any] = {name: json.loads(path.read_bytes()) for name, path in FILES.items()}
JOB = JobId(SAMPLES["callback"]["pathParameters"]["job_id"])
NOTHING_FAILED: Mapping[str, object] = {"batchItemFailures": []}


@pytest.fixture
def service() -> StoryService:
    return StoryService()


@pytest.fixture
def invoke(service: StoryService, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Call a function as Lambda does, in the story's world."""

    def call(name: str) -> Any:
        handler = import_module(f"functions.{name}.handler")
        if hasattr(handler, "create_app"):
            monkeypatch.setattr(handler, "_app", lambda: handler.create_app(service))
        else:
            monkeypatch.setattr(handler, "_service", lambda: service)
        return handler.lambda_handler(SAMPLES[name], AnyContext())

    return call


def test_every_function_has_one_sample() -> None:
    assert SAMPLES.keys() == {path.parent.name for path in Path("functions").glob("*/handler.py")}


def test_a_request_is_admitted_and_sent(service: StoryService, invoke: Invoke) -> None:
    answer = Answer.of(invoke("submit"))

    assert (answer.status, answer.json["id"]) == (202, JOB)
    assert answer.json["input"]["aspect_ratio"] == "16:9"
    assert service.jobs.get(JOB).status is JobStatus.PROCESSING


def test_a_request_at_the_function_url_gets_its_images(
    service: StoryService, invoke: Invoke
) -> None:
    finish_after(service, DRAWING_SECONDS)

    answer = Answer.of(invoke("openai"))

    assert answer.status == 200
    assert answer.headers["x-seedhook-job-id"] == JOB
    assert len(answer.json["data"]) == 1


def test_a_callback_is_kept_and_handed_on(service: StoryService, invoke: Invoke) -> None:
    invoke("submit")
    service.draw()

    assert Answer.of(invoke("callback")).status == 200
    (kept,) = service.archive.kept
    body = SAMPLES["callback"]["body"].encode()
    assert kept == KeptCallback(job_id=JOB, attempt=1, body=body)
    ((job_id, hint),) = service.to_collect.messages
    assert SAMPLES["collect"]["Records"][0]["body"] == write_message(job_id, hint)


def test_a_collected_job_is_stored_and_settled(service: StoryService, invoke: Invoke) -> None:
    invoke("submit")
    service.draw()

    assert invoke("collect") == NOTHING_FAILED
    job = service.jobs.get(JOB)
    assert job.status is JobStatus.SUCCEEDED
    assert service.bucket.objects[job.images[0].key] == PICTURE


def test_the_finished_job_is_read(service: StoryService, invoke: Invoke) -> None:
    invoke("submit")
    service.draw()
    invoke("collect")

    answer = Answer.of(invoke("manage"))

    assert (answer.status, answer.json["status"]) == (200, "succeeded")


def test_the_announced_event_is_published(service: StoryService, invoke: Invoke) -> None:
    invoke("submit")
    service.draw()
    invoke("collect")
    last = list(service.store.announced.values())[-1]
    image = SAMPLES["publish"]["Records"][0]["dynamodb"]

    assert image["NewImage"] == event_item(last)
    assert image["Keys"] == {name: image["NewImage"][name] for name in ("pk", "sk")}
    assert invoke("publish") == NOTHING_FAILED
    assert service.bus.received == [last]
    assert last.id not in service.store.announced


def test_the_planned_delivery_is_posted(service: StoryService, invoke: Invoke) -> None:
    service.manage_webhooks.create("default", Registration(url="https://shop.example/hook"))
    for name in ("submit", "callback"):
        invoke(name)
    service.draw()
    invoke("collect")
    invoke("publish")
    last = service.bus.received[-1]

    (delivery_id,) = service.to_deliver.messages
    message = json.dumps({"delivery_id": delivery_id})
    assert SAMPLES["deliver"]["Records"][0]["body"] == message
    assert invoke("deliver") == NOTHING_FAILED
    assert [one.body for one in service.receivers.posted] == [last.detail.encode()]


def test_the_stored_image_is_looked_at(service: StoryService, invoke: Invoke) -> None:
    invoke("submit")
    service.draw()
    for name in ("collect", "publish"):
        invoke(name)

    (job_id,) = service.to_preview.messages
    assert SAMPLES["preview"]["Records"][0]["body"] == write_message(job_id, None)
    assert invoke("preview") == NOTHING_FAILED
    assert service.jobs.get(JOB).images[0].verified


def test_a_job_of_many_images_is_dispatched(service: StoryService, invoke: Invoke) -> None:
    service.submit(provider="oxen", n=10, key=service.key.key)

    ((job_id, hint),) = service.to_dispatch.messages
    assert SAMPLES["dispatch"]["Records"][0]["body"] == write_message(job_id, hint)
    assert invoke("dispatch") == NOTHING_FAILED
    assert len(service.oxen.tasks) == 10


def test_a_dropped_picture_becomes_an_edit(service: StoryService, invoke: Invoke) -> None:
    landed = json.loads(SAMPLES["intake"]["Records"][0]["body"])["detail"]["object"]
    version = service.drops.drop(landed["key"], PICTURE, prompt="at night")

    assert version == landed["version-id"]
    assert invoke("intake") == NOTHING_FAILED
    ((job_id, _),) = service.to_dispatch.messages
    assert service.jobs.get(job_id).source == landed["key"]


def test_the_schedule_starts_the_watch(service: StoryService, invoke: Invoke) -> None:
    job = service.submit(provider="oxen", key=service.key.key)
    service.draw()

    invoke("watch")

    assert (job.id, None) in service.to_collect.messages


def test_the_hint_in_the_collect_sample_is_the_callbacks_task() -> None:
    body = json.loads(SAMPLES["callback"]["body"])
    hint = TaskHint(attempt=1, task_id=TaskId(body["data"]["taskId"]))

    assert SAMPLES["collect"]["Records"][0]["body"] == write_message(JOB, hint)


@pytest.mark.parametrize("name", ["dispatch", "collect", "deliver", "intake", "preview"])
def test_a_message_has_its_own_digest(name: str) -> None:
    (record,) = SAMPLES[name]["Records"]
    digest = hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()

    assert record["md5OfBody"] == digest


def test_the_routes_of_the_samples_are_the_templates() -> None:
    resources = load_template(Path("template.yaml"))["Resources"]
    routes = {
        name: [
            f"{event['Properties'].get('Method', '')} {event['Properties'].get('Path', '$default')}"
            for event in resources[f"{name.capitalize()}Function"]["Properties"]["Events"].values()
        ]
        for name in ("submit", "callback", "manage")
    }

    for name, known in routes.items():
        assert SAMPLES[name]["routeKey"] in [route.strip() for route in known]
        assert SAMPLES[name]["requestContext"]["routeKey"] == SAMPLES[name]["routeKey"]
