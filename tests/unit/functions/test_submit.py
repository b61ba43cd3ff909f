"""POST /v1/jobs: what it answers, and what it refuses with which words."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.submit.handler import create_app
from shared.domain.errors import ErrorCode, Fault, NotSent
from shared.domain.ids import JobId
from shared.domain.status import JobStatus
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import MemoryService
from tests.pictures import a_png
from tests.unit.usecases.living import live

type Post = Callable[..., Answer]

FOX = {"model": "seedream-4.5", "prompt": "a fox in watercolor"}


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


@pytest.fixture
def post(service: MemoryService, key: str) -> Post:
    app = create_app(service)

    def call(body: object, *, key: str | None = key, force: str | None = None) -> Answer:
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        event = http_event("POST", "/v1/jobs", body=text, key=key)
        if force is not None:
            event["headers"]["x-seedhook-force-failover"] = force
        return Answer.of(app.resolve(event, AnyContext()))

    return call


def pointers(answer: Answer) -> list[str]:
    return [error["pointer"] for error in answer.json["errors"]]


def test_the_answer_is_the_job_as_admitted(service: MemoryService, post: Post) -> None:
    answer = post(FOX | {"n": 2, "metadata": {"order": "7"}, "tags": ["a"]})

    assert answer.status == 202
    job = answer.json
    assert (job["object"], job["status"], job["version"]) == ("job", "queued", 1)
    assert (job["model"], job["provider"], job["delivery"]) == (
        "seedream-4.5",
        "apixo",
        "callback",
    )
    assert job["sandbox"] is True
    assert job["cost"] == {"estimated_usd": "0.0700", "charged_usd": None, "complete": False}
    assert (job["metadata"], job["tags"]) == ({"order": "7"}, ["a"])
    assert answer.headers["location"] == f"https://seedhook.example/v1/jobs/{job['id']}"
    assert service.jobs.get(JobId(job["id"])).status is JobStatus.PROCESSING


def test_a_provider_that_is_down_is_no_concern_of_the_caller(
    service: MemoryService, post: Post
) -> None:
    fault = Fault(code=ErrorCode.PROVIDER_UNAVAILABLE, message="connection refused")
    service.apixo.errors = [NotSent(fault)]

    answer = post(FOX)

    assert answer.status == 202
    assert service.jobs.get(JobId(answer.json["id"])).status is JobStatus.QUEUED


def test_an_error_of_ours_after_admission_is_no_concern_of_the_caller(
    service: MemoryService, post: Post
) -> None:
    def break_down(_: object) -> None:
        raise RuntimeError("out of memory")

    service.apixo.on_submit = break_down

    assert post(FOX).status == 202


@pytest.mark.parametrize(
    "name",
    [
        "seedream-4-5",
        "bytedance-seedream-4-5",
        "bytedance/seedream-4-5",
        "seedream-4-5-251128",
    ],
)
def test_a_providers_own_id_is_an_alias(post: Post, name: str) -> None:
    assert post(FOX | {"model": name}).json["model"] == "seedream-4.5"


def test_a_field_that_only_one_provider_has_decides_the_provider(post: Post) -> None:
    assert post(FOX | {"aspect_ratio": "match_input_image"}).json["provider"] == "oxen"
    assert post(FOX | {"prompt_optimize": "standard"}).json["provider"] == "apixo"


def test_a_reference_given_as_data_is_stored_and_named(post: Post) -> None:
    data = f"data:image/png;base64,{base64.b64encode(a_png()).decode()}"

    answer = post(FOX | {"images": [data, "https://example.com/cat.png"]})

    first, second = answer.json["input"]["images"]
    assert first.startswith("upload:")
    assert second == "https://example.com/cat.png"


@pytest.mark.parametrize("size", ["2K", "4K", "2048x2048", "2048X2048", "2048*2048"])
def test_the_five_spellings_of_a_size_are_taken(post: Post, size: str) -> None:
    assert post(FOX | {"provider": "apixo", "size": size}).status == 202


NO_DEADLINES: list[Any] = [
    0,
    -1,
    1e-9,
    7 * 86400 + 1,
    1e300,
    10**400,
    True,
    [],
    {},
    "",
    "60",
    "soon",
    "2026-11-20T12:05:00",
    "2026-11-20",
    "2026-11-20T12:00:00Z",
    "2026-11-20T11:59:59Z",
    "2026-11-27T12:00:01Z",
    "2026-13-20T12:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2026-11-20T12:05:00Z" + "0" * 30,
]

REFUSED: list[Any] = [
    pytest.param({"prompt": 7}, ["/prompt"], id="wrong type"),
    pytest.param({"n": "2"}, ["/n"], id="a number as text"),
    pytest.param({"n": True}, ["/n"], id="a truth value for a number"),
    pytest.param({"n": 0}, ["/n"], id="too few images"),
    pytest.param({"n": 11}, ["/n"], id="too many images"),
    pytest.param({"prompt": ""}, ["/prompt"], id="empty prompt"),
    pytest.param({"prompt": "x" * 5001}, ["/prompt"], id="prompt too long"),
    pytest.param({"colour": "red", "a/b": 1}, ["/colour", "/a~1b"], id="unknown fields"),
    pytest.param({"model": "seedream-9"}, ["/model"], id="unknown model"),
    pytest.param({"provider": "nobody"}, ["/provider"], id="unknown provider"),
    pytest.param({"provider": ["apixo", "nobody"]}, ["/provider/1"], id="unknown in a list"),
    pytest.param({"model": "seedream-4", "provider": "apixo"}, ["/provider"], id="no such pair"),
    pytest.param({"provider": "oxen", "delivery": "callback"}, ["/delivery"], id="no callbacks"),
    pytest.param({"provider": "apixo", "size": "1K"}, ["/size"], id="size of another model"),
    pytest.param({"provider": "apixo", "size": "512x512"}, ["/size"], id="too few pixels"),
    pytest.param({"provider": "apixo", "size": "8192x8192"}, ["/size"], id="too many pixels"),
    pytest.param({"provider": "apixo", "size": "40000x100"}, ["/size"], id="too long a side"),
    pytest.param({"provider": "oxen", "size": "2048x2000"}, ["/size"], id="size not of oxen"),
    pytest.param({"model": "seedream-4", "size": "2K"}, ["/size"], id="size not of the model"),
    pytest.param({"size": "2K", "aspect_ratio": "1:1"}, ["/size"], id="size excludes ratio"),
    pytest.param({"aspect_ratio": "5:1"}, ["/aspect_ratio"], id="ratio of no model"),
    pytest.param({"images": ["https://e.com/x"] * 15}, ["/images"], id="too many references"),
    pytest.param(
        {"provider": "oxen", "images": ["https://e.com/x"] * 11},
        ["/images"],
        id="too many references for oxen",
    ),
    pytest.param(
        {"images": ["https://e.com/x"] * 10, "n": 6, "sequential": "auto"},
        ["/images"],
        id="references and outputs above fifteen",
    ),
    pytest.param({"images": ["http://e.com/x"]}, ["/images/0"], id="reference without TLS"),
    pytest.param(
        {"images": ["data:image/png;base64,AAAA"]}, ["/images/0"], id="reference that is no image"
    ),
    pytest.param(
        {"images": ["data:image/png;base64,***"]}, ["/images/0"], id="reference not base64"
    ),
    pytest.param({"images": ["https://e.com/" + "x" * 2048]}, ["/images/0"], id="endless URL"),
    pytest.param({"metadata": {"a": 1}}, ["/metadata/a"], id="metadata that is no text"),
    pytest.param({"metadata": {"k" * 41: "v"}}, [f"/metadata/{'k' * 41}"], id="metadata key"),
    pytest.param(
        {"metadata": {str(n): "v" * 512 for n in range(9)}}, ["/metadata"], id="metadata in all"
    ),
    pytest.param({"seed": 1e400}, None, id="a number too large"),
    pytest.param({"on_unknown": "maybe"}, ["/on_unknown"], id="on_unknown of no kind"),
]


@pytest.mark.parametrize(("change", "expected"), REFUSED)
def test_what_cannot_be_done_is_refused_by_field(
    service: MemoryService, post: Post, change: dict[str, Any], expected: list[str] | None
) -> None:
    answer = post(FOX | change)

    assert answer.status in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["who"] == "client"
    assert answer.json["errors"]
    if expected is not None:
        assert sorted(set(pointers(answer))) == sorted(expected)
    assert service.apixo.tasks == service.oxen.tasks == {}


@pytest.mark.parametrize("deadline", NO_DEADLINES, ids=lambda value: repr(value)[:30])
@pytest.mark.parametrize("name", ["start_by", "finish_by"])
def test_what_is_no_moment_within_a_week_is_no_deadline(
    service: MemoryService, post: Post, name: str, deadline: Any
) -> None:
    answer = post(FOX | {name: deadline})

    assert (answer.status, pointers(answer)) == (422, [f"/{name}"])
    assert service.jobs.newest("default", limit=1, cursor=None).jobs == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blank"),
        pytest.param("{", id="cut short"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param('{"model": NaN}', id="NaN"),
        pytest.param('{"model": "a", "model": "b"}', id="a name twice"),
        pytest.param("[" * 100_000, id="deeply nested"),
        pytest.param('{"a":' * 100_000, id="deeply nested objects"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param('{"n": ' + "9" * 5000 + "}", id="an endless number"),
    ],
)
def test_what_is_no_json_object_is_refused(post: Post, body: str | bytes) -> None:
    answer = post(body)

    assert answer.status == 400
    assert answer.json["code"] == "malformed_json"


def test_half_a_surrogate_pair_is_refused_by_field(post: Post) -> None:
    answer = post('{"model": "seedream-4.5", "prompt": "\\ud800"}')

    assert answer.status == 422
    assert pointers(answer) == ["/prompt"]


def test_a_prompt_is_kept_to_the_last_character(post: Post) -> None:
    prompt = 'naïve 🦊 "quotes" \\ \x00 \u202e \n end'

    assert post(FOX | {"prompt": prompt}).json["input"]["prompt"] == prompt


def test_a_body_over_four_megabytes_is_sent_to_uploads(post: Post) -> None:
    answer = post(FOX | {"prompt": "x" * (4 * 1024 * 1024)})

    assert answer.status == 413
    assert "/v1/uploads" in answer.json["detail"]


@pytest.mark.parametrize("key", [None, "", "nonsense", "sk_0000000000000001_" + "A" * 43, "sk_é_é"])
def test_without_a_valid_key_nothing_is_done(
    service: MemoryService, post: Post, key: str | None
) -> None:
    answer = post(FOX, key=key)

    assert answer.status == 401
    assert answer.json["code"] == "unauthenticated"
    assert service.apixo.tasks == {}


@pytest.mark.parametrize(
    ("deadline", "seconds"),
    [
        (1, 1),
        (0.5, 0.5),
        (7 * 86400, 7 * 86400),
        ("2026-11-20T12:01:00Z", 60),
        ("2026-11-20T13:01:00+01:00", 60),
        ("2026-11-20T12:00:00.250Z", 0.25),
        ("2026-11-27T12:00:00Z", 7 * 86400),
    ],
)
def test_a_deadline_is_seconds_from_now_or_a_moment(
    service: MemoryService, post: Post, deadline: float | str, seconds: float
) -> None:
    answer = post(FOX | {"start_by": deadline, "finish_by": deadline})

    job = service.jobs.get(JobId(answer.json["id"]))
    assert job.start_by == job.finish_by == job.created_at + timedelta(seconds=seconds)


def test_without_deadlines_a_job_may_start_any_time_and_has_a_day(
    service: MemoryService, post: Post
) -> None:
    job = service.jobs.get(JobId(post(FOX).json["id"]))

    assert (job.start_by, job.finish_within, job.on_unknown) == (None, timedelta(days=1), "fail")


def test_what_to_do_with_an_unknown_fate_is_kept(service: MemoryService, post: Post) -> None:
    job = service.jobs.get(JobId(post(FOX | {"on_unknown": "retry"}).json["id"]))

    assert job.on_unknown == "retry"


def test_a_job_may_name_an_address_for_its_events(service: MemoryService, post: Post) -> None:
    webhook = {"webhook_url": "https://shop.example/x", "webhook_events": ["job.succeeded"]}

    answer = post(FOX | webhook)

    job = service.jobs.get(JobId(answer.json["id"]))
    assert (job.webhook_url, job.webhook_events) == ("https://shop.example/x", ("job.succeeded",))
    assert "shop.example" not in answer.body


@pytest.mark.parametrize(
    ("webhook", "pointer"),
    [
        ({"webhook_url": "http://shop.example/"}, "/webhook_url"),
        ({"webhook_url": ""}, "/webhook_url"),
        ({"webhook_url": "https://x.example/" + 2048 * "x"}, "/webhook_url"),
        ({"webhook_events": ["job.succeeded"]}, "/webhook_url"),
        (
            {"webhook_url": "https://x.example/", "webhook_events": ["webhook.disabled"]},
            "/webhook_events/0",
        ),
    ],
)
def test_an_address_that_gets_nothing_is_refused(
    post: Post, webhook: dict[str, object], pointer: str
) -> None:
    answer = post(FOX | webhook)

    assert (answer.status, pointers(answer)) == (422, [pointer])


@pytest.mark.parametrize("says", ["1", "true", "ON", " yes "])
def test_failover_can_be_forced_by_a_header(service: MemoryService, post: Post, says: str) -> None:
    answer = post(FOX | {"provider": ["apixo", "oxen"]}, force=says)
    live(service, seconds=1)

    assert answer.status == 202
    assert (len(service.apixo.tasks), len(service.oxen.tasks)) == (0, 1)


@pytest.mark.parametrize("says", ["0", "false", "", "maybe"])
def test_a_header_that_says_no_forces_nothing(
    service: MemoryService, post: Post, says: str
) -> None:
    post(FOX | {"provider": ["apixo", "oxen"]}, force=says)

    assert (len(service.apixo.tasks), len(service.oxen.tasks)) == (1, 0)


def test_failover_is_not_forced_on_a_provider_that_costs_money(
    service: MemoryService, post: Post
) -> None:
    real = replace(service.accesses["apixo"], sandbox=False)
    service.accesses = {**service.accesses, "apixo": real}

    answer = post(FOX | {"provider": "apixo"}, force="1")

    assert (answer.status, pointers(answer)) == (422, ["X-Seedhook-Force-Failover"])
    assert service.apixo.tasks == {}
