"""Reading jobs, models and keys."""

import json
from collections.abc import Callable

import pytest

from functions.manage.handler import create_app
from shared.domain.errors import ErrorCode, Fault, Refused
from tests.http_events import Answer, AnyContext, http_event
from tests.memory_service import ADMIN_KEY, MemoryService

type Call = Callable[..., Answer]


@pytest.fixture
def call(service: MemoryService) -> Call:
    app = create_app(service)

    def send(method: str, path: str, **parts: object) -> Answer:
        event = http_event(method, path, **parts)  # type: ignore[arg-type]  # parts by name
        return Answer.of(app.resolve(event, AnyContext()))

    return send


@pytest.fixture
def key(service: MemoryService) -> str:
    return service.issue_key(tenant="default", name="test").text


def test_a_finished_job_is_shown_with_links_signed_now(
    service: MemoryService, call: Call, key: str
) -> None:
    job = service.submit(n=2)
    service.apixo.finish_all()
    service.collect(job.id)

    shown = call("GET", f"/v1/jobs/{job.id}", key=key).json

    assert shown["status"] == "succeeded"
    assert [image["index"] for image in shown["images"]] == [0, 1]
    assert shown["images"][0]["url"].startswith("https://media.example/images/")
    assert shown["images"][0]["verified"] is None
    assert shown["delivered_images"] == shown["requested_images"] == 2
    assert shown["attempts"][0]["state"] == "settled"
    assert shown["attempts"][0]["task_ids"] == ["apixo-0"]
    assert shown["cost"] == {"estimated_usd": "0.0700", "charged_usd": "0.0700", "complete": True}
    assert shown["timeline"][-1]["status"] == "succeeded"
    assert shown["urls"]["self"] == f"https://seedhook.example/v1/jobs/{job.id}"


def test_an_image_is_a_redirect_to_its_link(service: MemoryService, call: Call, key: str) -> None:
    job = service.submit()
    service.apixo.finish_all()
    service.collect(job.id)

    answer = call("GET", f"/v1/jobs/{job.id}/images/0", key=key)

    assert answer.status == 302
    assert answer.headers["location"].startswith("https://media.example/images/")


@pytest.mark.parametrize("index", ["1", "-1", "00", "x", "99999999999999999999"])
def test_an_image_that_is_not_there_is_404(
    service: MemoryService, call: Call, key: str, index: str
) -> None:
    job = service.submit()
    service.apixo.finish_all()
    service.collect(job.id)

    answer = call("GET", f"/v1/jobs/{job.id}/images/{index}", key=key)

    assert (answer.status, answer.json["code"]) == (404, "image_not_found")


def test_jobs_are_listed_newest_first_page_by_page(
    service: MemoryService, call: Call, key: str
) -> None:
    ids = []
    for _ in range(5):
        ids.append(service.submit().id)
        service.time.sleep(1)

    first = call("GET", "/v1/jobs", key=key, query={"limit": "3"}).json
    second = call("GET", "/v1/jobs", key=key, query={"limit": "3", "cursor": first["cursor"]}).json

    assert [job["id"] for job in first["data"] + second["data"]] == ids[::-1]
    assert "cursor" not in second


def test_another_tenants_job_does_not_exist(service: MemoryService, call: Call, key: str) -> None:
    job = service.submit(key=service.a_key(tenant="other"))

    answer = call("GET", f"/v1/jobs/{job.id}", key=key)

    assert (answer.status, answer.json["code"]) == (404, "job_not_found")
    assert call("GET", "/v1/jobs", key=key).json["data"] == []


@pytest.mark.parametrize("limit", ["0", "101", "x", "-1", "1.5", "99999999999", "٣"])
def test_a_page_size_out_of_range_is_refused(call: Call, key: str, limit: str) -> None:
    answer = call("GET", "/v1/jobs", key=key, query={"limit": limit})

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "?limit")


def test_a_reader_can_wait_for_a_change(service: MemoryService, call: Call, key: str) -> None:
    job = service.submit()
    started = service.clock.now()

    shown = call("GET", f"/v1/jobs/{job.id}", key=key, query={"wait": "10"}).json

    assert shown["version"] == job.version
    assert (service.clock.now() - started).total_seconds() == 10


def test_a_finished_job_is_not_waited_for(service: MemoryService, call: Call, key: str) -> None:
    job = service.submit()
    service.apixo.finish_all()
    service.collect(job.id)
    started = service.clock.now()

    call("GET", f"/v1/jobs/{job.id}", key=key, query={"wait": "25"})

    assert service.clock.now() == started


def test_nobody_waits_longer_than_25_seconds(service: MemoryService, call: Call, key: str) -> None:
    answer = call("GET", f"/v1/jobs/{service.submit().id}", key=key, query={"wait": "26"})

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "?wait")


def test_a_cursor_of_no_list_is_refused(call: Call, key: str) -> None:
    answer = call("GET", "/v1/jobs", key=key, query={"cursor": "nonsense"})

    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "?cursor")


def test_models_come_with_schema_and_dated_price_per_provider(call: Call, key: str) -> None:
    models = {model["id"]: model for model in call("GET", "/v1/models", key=key).json["data"]}

    assert set(models) == {"seedream-4", "seedream-4.5", "seedream-5-lite"}
    apixo = models["seedream-4.5"]["providers"]["apixo"]
    assert apixo["price"]["usd_per_image"] == "0.0350"
    assert apixo["schema"]["properties"]["n"]["maximum"] == 10
    assert models["seedream-4"]["providers"]["oxen"]["price"] is None


def test_a_model_is_found_by_any_of_its_names(call: Call, key: str) -> None:
    answer = call("GET", "/v1/models/bytedance-seedream-5-lite", key=key)

    assert answer.json["id"] == "seedream-5-lite"
    assert call("GET", "/v1/models/nothing", key=key).json["code"] == "model_not_found"


def test_health_needs_no_key(call: Call) -> None:
    assert call("GET", "/v1/health").json == {"status": "ok"}


def test_providers_come_with_their_health_and_how_busy_they_are(
    call: Call, key: str, service: MemoryService
) -> None:
    service.limits = {"oxen": 2}
    revoked = Fault(code=ErrorCode.PROVIDER_AUTH, message="key revoked")
    service.apixo.errors = [Refused(revoked)]
    service.submit(provider="apixo")
    service.submit(provider="oxen")

    found = call("GET", "/v1/providers", key=key).json["data"]

    apixo, oxen, aimlapi = found
    assert [one["name"] for one in found] == ["apixo", "oxen", "aimlapi"]
    assert apixo["models"][0]["breaker"] == "open"
    assert apixo["models"][0]["reason"]["code"] == "provider_auth"
    assert (oxen["in_flight"], oxen["max_in_flight"]) == (1, 2)
    assert [one["breaker"] for one in oxen["models"]] == ["closed"] * 3
    assert (aimlapi["in_flight"], aimlapi["sandbox"]) == (None, True)


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/jobs/job_1", "/v1/models", "/v1/models/x", "/v1/providers"]
)
def test_reading_needs_a_key(call: Call, path: str) -> None:
    assert call("GET", path).status == 401


def test_the_admin_key_makes_keys_that_work(call: Call) -> None:
    body = json.dumps({"name": "shop", "tenant": "acme"})

    created = call("POST", "/v1/keys", key=ADMIN_KEY, body=body)

    assert created.status == 201
    assert created.json["tenant"] == "acme"
    assert created.json["webhook_secret"].startswith("whsec_")
    assert call("GET", "/v1/jobs", key=created.json["key"]).status == 200


def test_an_ordinary_key_makes_no_keys(call: Call, key: str) -> None:
    assert call("POST", "/v1/keys", key=key, body='{"name": "x"}').status == 403


def test_a_key_is_kept_as_a_hash_only(service: MemoryService) -> None:
    issued = service.issue_key(tenant="default", name="test")

    kept = service.api_keys.find(issued.key.id)

    assert issued.text.rpartition("_")[2] not in repr(kept)


def test_a_route_that_is_not_there_says_so(call: Call) -> None:
    answer = call("GET", "/nowhere")

    assert (answer.status, answer.json["code"]) == (404, "route_not_found")
    assert answer.headers["content-type"] == "application/problem+json"
