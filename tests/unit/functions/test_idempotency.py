"""The Idempotency-Key header: one key is one job, and its answer is always the same bytes."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.submit.handler import create_app
from shared.domain.errors import AlreadyAdmitted
from shared.domain.ids import JobId
from shared.domain.status import JobStatus
from shared.ports.jobs import Idempotency
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService
from tests.pictures import a_png

type Post = Callable[..., Answer]

FOX: dict[str, Any] = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}
LABELLED = FOX | {"n": 2, "metadata": {"order": "7", "shop": "north"}, "tags": ["b", "a"]}
SKETCH = f"data:image/png;base64,{base64.b64encode(a_png()).decode()}"


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


@pytest.fixture
def post(service: MemoryService, key: str) -> Post:
    app = create_app(service)

    def call(body: object, name: str | None = "name", *, key: str = key) -> Answer:
        text = body if isinstance(body, str) else json.dumps(body)
        event = http_event("POST", "/v1/jobs", body=text, key=key)
        if name is not None:
            event["headers"]["idempotency-key"] = name
        return Answer.of(app.resolve(event, AnyContext()))

    return call


def jobs_of(service: MemoryService, tenant: str = "default") -> list[JobId]:
    return [job.id for job in service.jobs.newest(tenant, limit=100, cursor=None).jobs]


def test_the_same_request_gets_the_same_bytes_and_is_told_so(
    service: MemoryService, post: Post
) -> None:
    first = post(LABELLED)
    service.time.sleep(3600)
    again = post(LABELLED)

    assert (first.status, again.status) == (202, 202)
    assert again.body == first.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert len(jobs_of(service)) == len(service.apixo.tasks) == 1


def test_the_answer_is_the_job_as_admitted_whatever_became_of_it(
    service: MemoryService, post: Post
) -> None:
    first = post(FOX)
    service.apixo.finish_all()
    done = service.collect(JobId(first.json["id"]))
    assert done.status is JobStatus.SUCCEEDED

    again = post(FOX)

    assert (again.json["status"], again.json["version"]) == ("queued", 1)
    assert again.body == first.body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(LABELLED, indent=4), id="white space"),
        pytest.param(json.dumps(LABELLED, sort_keys=True), id="order of fields"),
        pytest.param(
            json.dumps(LABELLED | {"metadata": {"shop": "north", "order": "7"}}),
            id="order of metadata",
        ),
        pytest.param(json.dumps(LABELLED).replace("fox", "f\\u006fx"), id="escapes"),
        pytest.param(json.dumps(LABELLED | {"provider": "auto"}), id="a default spelled out"),
    ],
)
def test_a_request_that_is_only_written_differently_is_the_same(
    service: MemoryService, post: Post, body: str
) -> None:
    first = post(LABELLED)

    again = post(body)

    assert (again.status, again.body) == (202, first.body)
    assert len(jobs_of(service)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a fox in watercolor "},
        {"n": 3},
        {"tags": ["a", "b"]},
        {"metadata": {"order": "7"}},
        {"on_unknown": "retry"},
        {"finish_by": 60},
        {"provider": ["apixo"]},
    ],
)
def test_another_request_under_the_same_key_is_refused_and_nothing_is_stored(
    service: MemoryService, post: Post, change: dict[str, Any]
) -> None:
    post(LABELLED)

    answer = post(LABELLED | change)

    assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert (answer.json["who"], answer.json["retryable"]) == ("client", False)
    assert len(jobs_of(service)) == len(service.apixo.tasks) == 1


def test_what_a_refused_request_brought_along_is_not_stored(
    service: MemoryService, post: Post
) -> None:
    post(LABELLED)

    answer = post(LABELLED | {"images": [SKETCH]})

    assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert service.references.objects == {}


def test_a_request_with_data_that_comes_again_gets_its_answer(
    service: MemoryService, post: Post
) -> None:
    first = post(LABELLED | {"images": [SKETCH]})

    again = post(LABELLED | {"images": [SKETCH]})

    assert (again.status, again.body) == (202, first.body)
    assert len(service.references.objects) == len(jobs_of(service)) == 1


@pytest.mark.parametrize(
    ("images", "looks"),
    [([], 0), (["https://example.com/a.png"], 0), ([SKETCH, SKETCH], 1)],
    ids=["no reference", "a link", "data"],
)
def test_the_key_is_looked_up_beforehand_for_data_alone(
    service: MemoryService,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    images: list[str],
    looks: int,
) -> None:
    look, asked = service.store.admitted, []

    def admitted(idempotency: Idempotency, *, now: datetime) -> AlreadyAdmitted | None:
        asked.append(idempotency)
        return look(idempotency, now=now)

    monkeypatch.setattr(service.store, "admitted", admitted)

    post(LABELLED | {"images": images})

    assert len(asked) == looks + 1  # in memory, writing is a look as well


def test_the_same_key_of_another_api_key_is_another_key(service: MemoryService, post: Post) -> None:
    neighbour = service.issue_key(tenant="default", name="neighbour").text
    stranger = service.issue_key(tenant="other", name="stranger").text

    answers = [post(FOX), post(FOX, key=neighbour), post(FOX | {"n": 2}, key=stranger)]

    assert [answer.status for answer in answers] == [202, 202, 202]
    assert len({answer.json["id"] for answer in answers}) == 3
    assert (len(jobs_of(service)), len(jobs_of(service, "other"))) == (2, 1)


def test_without_the_header_nothing_is_the_same(post: Post) -> None:
    answers = [post(FOX, None) for _ in range(2)]

    assert len({answer.json["id"] for answer in answers}) == 2
    assert all("idempotent-replayed" not in answer.headers for answer in answers)


@pytest.mark.parametrize("name", ["a", "!", "~", "x" * 255, "order-7", '{"a"}'])
def test_any_visible_text_of_up_to_255_characters_is_a_key(post: Post, name: str) -> None:
    assert post(FOX, name).body == post(FOX, name).body


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "x" * 256, "é", "🦊", "a\tb", "a\n", "\x7f", "\0"]
)
def test_a_key_that_is_none_is_refused_by_name(
    service: MemoryService, post: Post, name: str
) -> None:
    answer = post(FOX, name)

    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["#Idempotency-Key"]
    assert jobs_of(service) == []


def test_a_key_is_kept_as_a_digest_only(service: MemoryService, post: Post) -> None:
    post(FOX, "canary-name")

    assert "canary-name" not in repr(vars(service.store))


def test_a_refused_request_leaves_its_key_free(service: MemoryService, post: Post) -> None:
    assert post(FOX | {"n": 99}).status == 422

    assert post(FOX).status == 202
    assert len(jobs_of(service)) == 1


def test_a_key_can_be_used_anew_after_a_day(service: MemoryService, post: Post) -> None:
    first = post(FOX)
    service.time.sleep(24 * 3600)

    second = post(FOX | {"n": 2})

    assert second.status == 202
    assert second.json["id"] != first.json["id"]


def test_a_repeated_request_gets_its_answer_after_its_deadline_has_passed(
    service: MemoryService, post: Post
) -> None:
    deadline = (service.clock.now() + timedelta(seconds=60)).isoformat()
    first = post(FOX | {"finish_by": deadline})
    service.time.sleep(120)

    assert post(FOX | {"finish_by": deadline}).body == first.body
    assert post(FOX | {"finish_by": deadline}, "another name").status == 422
